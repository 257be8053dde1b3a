"""What the figures ought to reach."""

from dataclasses import dataclass

from ashore.launch.bench.figure import Row


@dataclass(frozen=True)
class Aim:
    """A bound of a figure."""

    number: float
    """The bound."""
    least: bool = True
    """Whether it is the least that will do; else the most."""
    of: str = "ratio"
    """What is bounded: `ratio` or `value`."""

    def met(self, row: Row) -> bool:
        """Whether a figure is within it; one that could not be measured is not."""
        found = row[self.of]
        if found is None:
            return False
        return bool(found >= self.number if self.least else found <= self.number)

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        return f"{self.of} {sign} {self.number:g}"


def _most(number: float) -> Aim:
    return Aim(number, least=False, of="value")


AIMS = {
    "env_vs_physics_quadruped": Aim(0.85),
    "ant_vs_envpool": Aim(1.0),
    "ant_vs_sb3_dummy": Aim(2.5),
    "ant_vs_sb3_subproc": Aim(2.5),
    "train_vs_sb3_stock": Aim(1.5),
    "train_vs_rsl_rl": Aim(1.0),
    "quadruped_seconds_to_threshold": _most(600.0),
    "inference_p99_us": _most(300.0),
    "cycles_vs_wire_1M": Aim(0.95),
    "cycles_vs_wire_3M": Aim(0.95),
    "cycles_vs_sdk": Aim(1.0),
    "cycles_vs_rustypot": Aim(1.0),
    "closed_gap_median": Aim(0.8, of="value"),
    "head_share_of_all": Aim(0.9, of="value"),
    "nominal_loss": _most(0.03),
    "accepted_but_worse": _most(0.0),
    "in_range_refused": Aim(1.0, of="value"),
    "log_to_verdict_seconds": _most(300.0),
    "calibrate_vs_mujoco_sysid": Aim(1.0),
    "xl330_heldout_mae_rad": _most(0.042),
    "pupper_rolling_rmse_rad": Aim(1.0),
    "write_vs_mcap": Aim(0.9),
    "read_vs_mcap": Aim(0.9),
    "first_plot_seconds_1h": _most(3.0),
    "ray_efficiency_2_workers": Aim(0.85),
}
"""The aim of each figure that has one, by name."""
