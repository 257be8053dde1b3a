"""`ashore play`: a page for this machine alone, that ends well, and clips that are small."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import small_bundle
from PIL import Image
from refusal import refused

from ashore.envs.errors import PlayError, RenderError
from ashore.envs.play.command_script import CommandScript
from ashore.envs.play.player import Cast, Player
from ashore.envs.randomize.randomization import Randomization
from ashore.envs.tasks import make_task
from ashore.envs.tasks.walk import FASTEST, SLOWEST
from ashore.hardware.spec import RobotSpec
from ashore.launch.clip_file import Clip, write_clip
from ashore.launch.clip_format import require_format
from ashore.launch.opengl import choose_opengl
from ashore.launch.pace import BEHIND, Pace
from ashore.launch.play_controls import Controls

pytestmark = pytest.mark.slow

PATIENCE = 90.0
QUADRUPED = RobotSpec.load("quadruped")
WALK = make_task("walk", QUADRUPED)


@pytest.fixture(scope="module")
def trot(tmp_path_factory) -> Path:
    """A bundle for walking whose policy adds nothing to the trot."""
    contract = WALK.contract(QUADRUPED)
    actor = {
        "head.weight": np.zeros((12, contract.observation_size), np.float32),
        "head.bias": np.zeros(12, np.float32),
    }
    bundle = replace(small_bundle(), robot=QUADRUPED, contract=contract, actor=actor)
    return bundle.save(tmp_path_factory.mktemp("trot") / "bundle")


@pytest.fixture
def controls() -> Controls:
    still = np.zeros((1, 12), dtype=np.float32)
    source, contract = Randomization(terms=()), WALK.contract(QUADRUPED)
    cast = Cast(spec=QUADRUPED, task=WALK, contract=contract, source=source)
    return Controls(Player(lambda _: still, cast))


class Page:
    """`ashore play` in a process of its own, once it says where its page is."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "ashore.launch.cli", "play", *map(str, arguments)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        stdout = self.process.stdout
        assert stdout is not None
        assert select.select([stdout], [], [], PATIENCE)[0], "it said nothing"
        self.said = stdout.readline()
        found = re.search(r"http://localhost:(\d+)", self.said)
        assert found, self.process.communicate()
        self.port = int(found[1])

    def get(self, path: str) -> tuple[int, bytes]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as got:
            return got.status, got.read()


@pytest.fixture(scope="module")
def page(trot) -> Iterator[Page]:
    page = Page(trot, "--hidden", "3")
    yield page
    page.process.kill()
    page.process.communicate()


def test_the_page_and_the_robot_are_served(page):
    status, html = page.get("/")
    assert (status, b"<html" in html.lower()) == (200, True)
    status, model = page.get("/model")
    assert status == 200
    assert b"front_left_knee" in model


def test_the_page_is_for_this_machine_alone(page):
    """The viewer has no password, so no other address of this machine may answer."""
    assert "for this machine only" in page.said
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", page.port)) != 0


def test_a_port_that_is_taken_is_one_sentence(page, trot, capsys):
    said = refused(capsys, "play", trot, "--port", page.port)
    assert f"port {page.port}" in said
    assert "--port" in said


def test_ctrl_c_ends_a_page_well(trot):
    page = Page(trot)
    page.process.send_signal(signal.SIGINT)
    out, errors = page.process.communicate(timeout=PATIENCE)
    assert page.process.returncode == 0
    assert "stopped" in out
    assert "Traceback" not in errors


def test_keys_drive_while_they_are_held(controls):
    def asked() -> list[float]:
        return controls.player.drive.asked.tolist()

    controls.hold(["W", "A"])
    assert asked() == [FASTEST[0], FASTEST[1], 0.0]
    controls.hold(["W", "RightArrow"])
    assert asked() == [FASTEST[0], 0.0, SLOWEST[2]]
    controls.hold(["W", "S"])
    assert asked() == [0.0, 0.0, 0.0]
    controls.hold(["S", "DownArrow"])
    assert asked() == [SLOWEST[0], 0.0, 0.0]
    controls.hold([])
    assert asked() == [0.0, 0.0, 0.0]


def test_a_slider_stays_until_a_key_of_its_own_is_let_go(controls):
    controls.ask(0, 0.2)
    controls.hold(["A"])
    controls.hold([])
    assert controls.player.drive.asked.tolist() == [0.2, 0.0, 0.0]
    controls.hold(["W"])
    controls.hold([])
    assert controls.player.drive.asked.tolist() == [0.0, 0.0, 0.0]


def test_a_key_that_was_down_when_the_page_closed_drives_no_more(controls):
    controls.hold(["W"])
    controls.let_go(["W"])
    controls.hold(["W"])
    assert not controls.player.drive.asked.any()
    controls.hold([])
    controls.hold(["W"])
    assert controls.player.drive.asked[0] == FASTEST[0]


def test_a_script_drives_until_the_first_key_does(controls):
    controls.script = CommandScript.parse("9 0.1 0 0", "it")
    controls.step()
    assert controls.player.drive.asked[0] == 0.1
    controls.hold([])
    controls.step()
    assert controls.player.drive.asked[0] == 0.1
    controls.hold(["S"])
    controls.hold([])
    controls.step()
    assert controls.script_left == 0.0
    assert not controls.player.drive.asked.any()


def test_a_restart_begins_the_script_anew(controls):
    controls = Controls(controls.player, CommandScript.parse("0.1 0.1 0 0\n1 0.2 0 0", "it"))
    for _ in range(8):
        controls.step()
    assert controls.player.drive.asked[0] == 0.2
    assert controls.script_left == pytest.approx(1.1 - 8 * 0.02)
    controls.ask(0, 0.4)
    controls.actions["R"]()
    controls.step()
    assert controls.player.drive.asked[0] == 0.1


def test_time_keeps_up_and_is_given_up_when_it_cannot():
    pace = Pace(0.02, now=10.0)
    assert [pace.due(10.0 + t) for t in (0.019, 0.021, 0.1001)] == [0, 1, 4]
    assert pace.due(15.0) == round(BEHIND / 0.02)
    assert pace.due(15.5, paused=True) == 0
    assert pace.due(15.5201) == 1


def test_a_clip_is_drawn_from_a_script(trot, tmp_path):
    script, clip = tmp_path / "go.txt", tmp_path / "go.gif"
    script.write_text("0.4 0.3 0 0 # forward\n")
    command = [sys.executable, "-m", "ashore.launch.cli", "play", trot]
    command += ["--script", script, "--out", clip]
    surroundings = {name: value for name, value in os.environ.items() if name != "MUJOCO_GL"}
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    if "cannot draw" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert "go.gif: 0.4 s" in done.stdout
    with Image.open(clip) as seen:
        assert seen.n_frames == 5
        assert np.asarray(seen.convert("RGB")).std() > 5.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["go.gif", "go.txt"]


def pictures(count: int) -> Iterator[Image.Image]:
    """Pictures of a bar that moves."""
    for i in range(count):
        picture = Image.new("RGB", (64, 48), (230, 230, 230))
        picture.paste((200, 40, 20), (i, 8, i + 20, 40))
        yield picture


@pytest.mark.parametrize("kind", [".webp", ".gif"])
def test_a_clip_holds_every_picture_for_its_time(kind, tmp_path):
    path = tmp_path / f"clip{kind}"
    size = write_clip(path, Clip(pictures=pictures(6), period=0.08, title="it"))
    assert size == path.stat().st_size
    with Image.open(path) as seen:
        assert seen.n_frames == 6
        seen.seek(3)
        seen.load()
        assert seen.info["duration"] == 80


def test_a_clip_as_a_page_needs_nothing_else(tmp_path):
    path = tmp_path / "clip.html"
    write_clip(path, Clip(pictures=pictures(6), period=0.06, title="<it>"))
    page = path.read_text()
    assert page.count("UklGR") == 6  # "RIFF" in base64, how a WebP begins
    assert "&lt;it&gt;" in page
    assert "http" not in page


def test_a_clip_that_fails_leaves_the_older_one(tmp_path):
    def torn() -> Iterator[Image.Image]:
        yield from pictures(2)
        raise RenderError("no more")

    path = tmp_path / "clip.html"
    path.write_text("older")
    with pytest.raises(RenderError):
        write_clip(path, Clip(pictures=torn(), period=0.06, title="it"))
    assert path.read_text() == "older"
    assert [p.name for p in tmp_path.iterdir()] == ["clip.html"]


def test_what_cannot_be_a_clip_is_said_before_anything_is_drawn(tmp_path, monkeypatch):
    with pytest.raises(PlayError, match=r"'a.png'; let it end in .html, .webp, .gif, .mp4"):
        require_format(tmp_path / "a.png")
    with pytest.raises(PlayError, match="no folder"):
        require_format(tmp_path / "gone" / "a.gif")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PlayError, match=r"needs ffmpeg.*\.webp"):
        require_format(tmp_path / "a.mp4")


def test_what_draws_without_a_window_is_found_or_named():
    chosen: dict[str, str] = {}
    choose_opengl(chosen, find=lambda name: "lib" if name == "OSMesa" else None)
    assert chosen == {"MUJOCO_GL": "osmesa"}
    kept = {"MUJOCO_GL": "glfw"}
    choose_opengl(kept, find=lambda _: None)
    assert kept == {"MUJOCO_GL": "glfw"}
    for environ in ({}, {"MUJOCO_GL": "egl"}):
        with pytest.raises(RenderError, match="install libegl1"):
            choose_opengl(environ, find=lambda _: None)


def test_what_cannot_be_played_is_one_sentence(capsys, trot, tmp_path):
    servo = small_bundle().save(tmp_path / "servo")
    (tmp_path / "bad.txt").write_text("1 0 0 0\n1 2 3\n")
    assert "leave out --script" in refused(capsys, "play", servo, "--script", tmp_path / "bad.txt")
    assert "bad.txt, line 2" in refused(capsys, "play", trot, "--script", tmp_path / "bad.txt")
    assert "whole number" in refused(capsys, "play", trot, "--hidden", "x")
    assert "nowhere" in refused(capsys, "play", tmp_path / "nowhere")
