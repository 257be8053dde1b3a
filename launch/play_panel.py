"""`Panel`: what a played policy's page shows beside the robot, and where its keys are read."""

from mujoco.studio.dear_imgui import dear_imgui as imgui

from ashore.envs.play.drive import Drive
from ashore.envs.play.stage import ASKED, FOUND
from ashore.envs.tasks.task import Array
from ashore.envs.tasks.walk import FASTEST, SLOWEST
from ashore.launch.play_controls import KEYS, Controls

WIDTH = 330.0
_DRIVING = (
    ("forward %+.2f m/s", "W / S, up / down"),
    ("leftward %+.2f m/s", "A / D"),
    ("turning %+.2f rad/s", "Q / E, left / right"),
)
"""How each part of a command is written, and the keys that change it."""


class Panel:
    """A window of Dear ImGui, built anew in each frame."""

    def __init__(self, controls: Controls, title: str, robot: str) -> None:
        """Take what it steers, and what it says of the policy and of the robot."""
        self.controls, self.title, self.robot = controls, title, robot
        self.recentre = self.seen = False

    @staticmethod
    def held() -> list[str]:
        """Driving keys that are down."""
        return [name for name in KEYS if imgui.IsKeyDown(getattr(imgui.Key, name))]

    def read_keys(self) -> None:
        """Do what the keys say; note whether anybody has ever looked at the page."""
        self.seen = self.seen or bool(imgui.IsMousePosValid())
        self.controls.hold(self.held())
        for name, action in self.controls.actions.items():
            if imgui.IsKeyPressed(getattr(imgui.Key, name), False):
                action()
        self.recentre = bool(imgui.IsKeyPressed(imgui.Key.C, False))

    def build(self, speed: float) -> None:
        """Submit the window; `speed` is simulated over real time."""
        imgui.SetNextWindowPos(imgui.Vec2(16.0, 16.0), int(imgui.Cond.FirstUseEver))
        imgui.SetNextWindowSize(imgui.Vec2(WIDTH, 0.0))
        flags = imgui.WindowFlags
        fixed = int(flags.NoNav) | int(flags.NoTitleBar) | int(flags.NoResize)
        imgui.Begin("ashore", None, fixed | int(flags.NoSavedSettings))
        imgui.TextUnformatted(self.title)
        imgui.TextDisabled(self.robot)
        drive = self.controls.player.drive
        if drive is not None:
            self._drive(drive)
        self._gauges()
        self._state(speed)
        self._buttons()
        imgui.End()

    def _drive(self, drive: Drive) -> None:
        imgui.SeparatorText("command")
        only = int(imgui.SliderFlags.NoInput)
        for part, (form, keys) in enumerate(_DRIVING):
            imgui.SetNextItemWidth(0.55 * WIDTH)
            now, low, high = float(drive.asked[part]), float(SLOWEST[part]), float(FASTEST[part])
            moved, value = imgui.SliderFloat(f"##{part}", now, low, high, form, only)
            if moved:
                self.controls.ask(part, value)
            imgui.SameLine()
            imgui.TextDisabled(keys)

    def _gauges(self) -> None:
        gauges = self.controls.player.gauges
        imgui.Separator()
        if not imgui.BeginTable("gauges", 3):
            return
        for text in ("", "commanded", "measured"):
            imgui.TableSetupColumn(text, int(imgui.TableColumnFlags.WidthStretch), 1.0)
        imgui.TableHeadersRow()
        for gauge in gauges.rows:
            digits = ".0f" if gauge.unit == "mm" else "+.2f"
            imgui.TableNextRow()
            imgui.TableNextColumn()
            imgui.TextUnformatted(f"{gauge.name} [{gauge.unit}]" if gauge.unit else gauge.name)
            imgui.TableNextColumn()
            imgui.TextColored(_colour(ASKED), f"{gauge.asked:{digits}}")
            imgui.TableNextColumn()
            imgui.TextColored(_colour(FOUND), f"{gauge.found:{digits}}")
        imgui.EndTable()

    def _state(self, speed: float) -> None:
        player = self.controls.player
        for name, error in player.gauges.errors.items():
            imgui.TextUnformatted(f"{name}: {error:.3f}")
        if player.drive is not None:
            imgui.TextUnformatted(f"falls: {player.falls}")
        if player.lies:
            imgui.SameLine()
            imgui.TextColored(imgui.Vec4(0.95, 0.35, 0.3, 1.0), "fell; begins anew in a moment")
        rate = "paused" if self.controls.paused else f"{speed:.2f} x real time"
        imgui.TextDisabled(f"{player.clock:.1f} s, {rate}")
        if left := self.controls.script_left:
            imgui.TextDisabled(f"the script drives for {left:.0f} s more; driving takes over")

    def _buttons(self) -> None:
        imgui.Separator()
        pause = "go on" if self.controls.paused else "pause"
        labels = {"Space": pause, "R": "restart", "P": "push", "N": "next plan"}
        if self.controls.player.drive is not None:
            labels["N"] = "new start"
        for i, (key, label) in enumerate(labels.items()):
            if i % 2:
                imgui.SameLine()
            if imgui.Button(f"{label} ({key})###{key}", imgui.Vec2(0.45 * WIDTH, 0.0)):
                self.controls.actions[key]()
        if imgui.Button("camera to the robot (C)", imgui.Vec2(0.93 * WIDTH, 0.0)):
            self.recentre = True


def _colour(rgba: Array) -> imgui.Vec4:
    """A mark's colour, light enough to read on a dark panel."""
    red, green, blue = (float(0.3 + 0.7 * part) for part in rgba[:3])
    return imgui.Vec4(red, green, blue, 1.0)
