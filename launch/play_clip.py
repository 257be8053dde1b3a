"""`film`: pictures of a player at work, one by one."""

import math
from collections.abc import Callable, Iterator

import mujoco
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ashore.envs.offscreen import make_renderer
from ashore.envs.play.command_script import CommandScript
from ashore.envs.play.gauges import Gauge
from ashore.envs.play.marks import draw
from ashore.envs.play.player import Player
from ashore.envs.play.stage import ASKED, FOUND, Stage
from ashore.envs.tasks.task import Array
from ashore.launch.clip_file import Clip
from ashore.launch.play_controls import Controls

WIDTH, HEIGHT = 640, 480
ASIDE, CLOSER = 140.0, 0.88
"""Where the camera on a walking robot is: degrees from looking along with it, so ahead and aside,
and its distance as a share of a page's, whose window is wider."""
ROOM = (0.16, 0.1)
"""How far the camera looks past a walking robot, to its left and below it, in extents: the numbers
are written there."""
HEADLIGHT, SAMPLES = (0.55, 0.33), 4
"""Ambient and diffuse light from the camera, and samples for a pixel."""
_INK, _PALE, _PAPER = (35, 38, 44), (110, 115, 122), (250, 250, 250, 205)
_COLUMNS = (14, 132, 196)


def film(
    player: Player,
    script: CommandScript | None,
    names: tuple[str, str],
    rate: float,
    progress: Callable[[float], object],
) -> Clip:
    """Pictures of a player that follows a script, or else one plan; drawn as they are taken.

    Args:
        player: who plays.
        script: what a robot that walks is commanded; None for a plan.
        names: what the play is called, and who plays.
        rate: pictures a second, as near as the control rate divides [1/s].
        progress: told what part is done.

    Raises:
        RenderError: this machine gives no OpenGL context.
    """
    seconds = player.cast.task.episode if script is None else script.length
    ticks = round(seconds / player.period)
    skip = max(1, round(1.0 / (player.period * rate)))
    pictures = _pictures(Controls(player, script), ticks, skip, names, progress)
    return Clip(pictures=pictures, period=skip * player.period, title=", ".join(names))


def _pictures(
    controls: Controls,
    ticks: int,
    skip: int,
    names: tuple[str, str],
    progress: Callable[[float], object],
) -> Iterator[Image.Image]:
    player = controls.player
    stage = Stage(player)
    look = stage.model.vis
    look.headlight.ambient[:], look.headlight.diffuse[:] = HEADLIGHT
    look.quality.offsamples = SAMPLES
    look.global_.offwidth, look.global_.offheight = WIDTH, HEIGHT
    data, camera = mujoco.MjData(stage.model), mujoco.MjvCamera()
    renderer = make_renderer(stage.model, HEIGHT, WIDTH)
    stage.pose(data)
    stage.aim(camera, data, ASIDE)
    camera.distance *= CLOSER
    try:
        for tick in range(1, ticks + 1):
            controls.step()
            if tick % skip:
                continue
            stage.pose(data)
            _make_room(camera, stage, data)
            renderer.update_scene(data, camera)
            draw(renderer.scene, stage.marks(data))
            picture = Image.fromarray(renderer.render())
            _write_on(picture, player, names)
            yield picture
            progress(tick / ticks)
    finally:
        renderer.close()


def _make_room(camera: mujoco.MjvCamera, stage: Stage, data: mujoco.MjData) -> None:
    """Keep a robot that walks in the picture, but not in its middle."""
    if stage.base is None:
        return
    camera.type = mujoco.mjtCamera.mjCAMERA_FREE
    azimuth, extent = math.radians(camera.azimuth), float(stage.model.stat.extent)
    left = np.array([-math.sin(azimuth), math.cos(azimuth), 0.0])
    past = ROOM[0] * left - ROOM[1] * np.array([0.0, 0.0, 1.0])
    camera.lookat[:] = data.subtree_com[stage.base] + extent * past


def _write_on(picture: Image.Image, player: Player, names: tuple[str, str]) -> None:
    """Write over a picture who plays, what is asked, what is done."""
    pen = ImageDraw.Draw(picture, "RGBA")
    font, small = ImageFont.load_default(15), ImageFont.load_default(12)
    rows, fell = player.gauges.rows, f", fell {player.falls} times" if player.falls else ""
    notes = [f"{name}: {error:.3f}" for name, error in player.gauges.errors.items()]
    notes.append(f"{player.clock:.1f} s{fell}")
    top = picture.height - 30 - 18 * len(rows) - 16 * len(notes)
    pen.rounded_rectangle((6, top - 8, 284, picture.height - 6), 6, _PAPER)
    pen.rounded_rectangle((6, 5, 284, 48), 6, _PAPER)
    x, asked, found = _COLUMNS
    pen.text((asked, top), "asked", _colour(ASKED), small)
    pen.text((found, top), "done", _colour(FOUND), small)
    for line, gauge in enumerate(rows):
        y = top + 15 + 18 * line
        pen.text((x, y), gauge.name, _INK, font)
        pen.text((asked, y), _number(gauge, gauge.asked), _colour(ASKED), font)
        pen.text((found, y), f"{_number(gauge, gauge.found)} {gauge.unit}", _colour(FOUND), font)
    for line, note in enumerate(notes):
        pen.text((x, picture.height - 10 - 16 * (len(notes) - line)), note, _PALE, small)
    pen.text((x, 8), names[0], _INK, font)
    pen.text((x, 27), names[1], _PALE, small)


def _number(gauge: Gauge, value: float) -> str:
    return f"{value:.0f}" if gauge.unit == "mm" else f"{value:+.2f}"


def _colour(rgba: Array) -> tuple[int, ...]:
    return tuple(int(part) for part in np.round(200.0 * rgba[:3]))
