"""`Robot`: one body for a controller to drive, whatever it is made of."""

from typing import Protocol

from ashore.hardware.reading import Command, Reading
from ashore.hardware.spec import RobotSpec


class Robot(Protocol):
    """Joints that can be read and told where to go; real, twin and simulated alike.

    Nothing moves because a robot was opened: the joints are limp until `enable`.
    """

    spec: RobotSpec
    """What it is."""

    def read(self) -> Reading:
        """One tick of every joint. A joint that did not answer keeps its last sample, with its age.

        Raises:
            PortLost: the wire is gone.
        """
        ...

    def write(self, command: Command) -> Command:
        """Tell the joints where to go, and return the goals really sent.

        Raises:
            PortLost: the wire is gone.
        """
        ...

    def enable(self) -> None:
        """Hold the joints where they are: goals are set to the present angles, then torque comes.

        Raises:
            BusError: a joint does not answer, is outside its limits, or refuses.
        """
        ...

    def soften(self, share: float) -> None:
        """Let every joint hold with `share` of its stiffness or strength, 0..1.

        Raises:
            PortLost: the wire is gone.
        """
        ...

    def disable(self) -> list[str]:
        """Take torque off every joint that can be reached; return a sentence for each that can't.

        It never raises, and may be called at any time and more than once.
        """
        ...

    def close(self) -> None:
        """Let go of the wire."""
        ...
