"""Laws of `ashore open`, in a real browser: it opens, scrubs, selects, and nothing goes wrong."""

import json
import re
import select
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest
from bench import Bench, Script
from refusal import refused

from ashore.hardware.logs.log import Log, LogHeader, LogWriter
from ashore.hardware.reading import Command, Reading

pytestmark = pytest.mark.slow

PATIENCE = 120.0
SPIKE = 2345
"""Row of the one sample that stands out of a long log."""
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
GRAPHICS = ("--no-sandbox", "--enable-unsafe-swiftshader", "--use-angle=swiftshader")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Six seconds of a servo twin that is not nominal."""
    folder, bench = tmp_path_factory.mktemp("log"), Bench(hidden="7")
    try:
        bench.run(folder, Script(lambda tick, _: 0.5 * np.sin(0.1 * tick), duration=6.0))
    finally:
        bench.unplug()
    return folder / "run.mcap"


class Opened:
    """A running `ashore open`."""

    def __init__(self, *words: object) -> None:
        command = [sys.executable, "-m", "ashore.launch.cli", "open", "--no-browser"]
        command += map(str, words)
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, "it said nothing"
        self.said = self.process.stdout.readline()
        self.port = int(re.search(r"localhost:(\d+)", self.said).group(1))

    def get(self, path: str, host: str = "localhost") -> tuple[int, bytes]:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        asked.add_header("Host", host)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def api(self, path: str) -> dict:
        status, body = self.get(f"/api/{path}")
        assert status == 200, body
        return json.loads(body)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture(scope="module")
def opened(log) -> Iterator[Opened]:
    """The log beside itself, without a picture of the robot."""
    opened = Opened(log, log, "--no-scene")
    yield opened
    assert opened.stop() == 0


def test_the_page_is_given_the_log_as_it_is(opened, log):
    facts = opened.api("logs")
    whole = Log.open(log)
    first = facts["logs"][0]
    assert (first["name"], first["robot"]) == ("run.mcap", "servo")
    assert len(facts["logs"]) == 2
    assert {e["text"] for e in first["events"]} >= {"running", "closed"}
    position = next(s for s in first["signals"] if s["name"] == "position")
    assert (position["unit"], position["predicted"]) == ("rad", True)
    path = "table?log=0&topic=/reading&name=position&begin=0&end=60&points=4000"
    shown = opened.api(path)
    assert shown["step"] == 1.0
    assert shown["columns"][0] == pytest.approx(whole.readings.position[:, 0], abs=1e-5)


def test_simulators_are_put_right_every_half_second(opened):
    found = opened.api("predicted?log=0&name=position&begin=2&end=4")
    values = found["columns"]["nominal"][0]
    # A gap at each restart: four or five in two seconds.
    assert 3 <= values.count(None) <= 6
    assert len(values) == len(found["time"]) > 80


def test_only_this_machine_is_served_and_nonsense_is_answered_in_a_sentence(opened):
    assert opened.get("/api/logs", host="somewhere.example")[0] == 403
    for path in ("table", "table?log=9&topic=/reading&name=position&begin=0&end=1&points=9"):
        status, body = opened.get(f"/api/{path}")
        assert status == 400
        assert b"error" in body
    wrong = "/api/table?log=0&topic=/reading&name=warp&begin=0&end=1&points=9"
    status, body = opened.get(wrong)
    assert status == 404
    assert json.loads(body)["error"] == "run.mcap has no signal 'warp' in '/reading'"
    assert opened.get("/../../etc/passwd")[0] == 404


def strange(path, joints=("a", "b", "c"), ticks=100, **header):
    """A log of nobody's robot: each joint's angle is its place in the alphabet, plus a ramp."""
    angles = np.array([float("abc".index(joint)) for joint in joints])
    with LogWriter(path, LogHeader(robot="stranger", **header), offline=True) as log:
        for tick in range(ticks):
            values = {n: np.zeros(3) for n in ("velocity", "current", "voltage", "temperature")}
            spike = 40.0 * (tick == SPIKE) * (angles == 1.0)
            position = angles + 1e-4 * tick + spike
            log.reading(Reading(
                time=tick / 50, position=position, age=np.zeros(3),
                fault=np.zeros(3, np.uint8), **values,
            ))
            log.command(tick / 50, Command(position=np.zeros(3)))
    return path


def test_a_log_of_nobodys_robot_is_shown_without_names(tmp_path):
    opened = Opened(strange(tmp_path / "strange.mcap"))
    try:
        facts = opened.api("logs")
        assert facts["scene"] is None
        position = next(s for s in facts["logs"][0]["signals"] if s["name"] == "position")
        assert position["labels"] == ["0", "1", "2"]
    finally:
        assert opened.stop() == 0


def browsing(playwright):
    """A browser and a page of it."""
    browser = playwright.chromium.launch(executable_path=BROWSER, args=list(GRAPHICS))
    page = browser.new_page(viewport={"width": 1300, "height": 850})
    page.set_default_timeout(1000.0 * PATIENCE)
    return browser, page


@needs_browser
def test_a_browser_opens_it_scrubs_and_selects_without_a_complaint(log):
    api = pytest.importorskip("playwright.sync_api")
    opened, complaints, errors = Opened(log, log), [], []
    try:
        with api.sync_playwright() as playwright:
            browser, page = browsing(playwright)
            page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
            page.on("pageerror", lambda error: errors.append(str(error)))
            outside = []
            page.on("request", lambda r: "localhost" not in r.url and outside.append(r.url))
            page.goto(f"http://localhost:{opened.port}/")
            _walk_through(page)
            browser.close()
    finally:
        opened.stop()
    # The 3-D page is MuJoCo's own; of what it asks for, an icon may be absent.
    assert [text for text in complaints if "favicon" not in text] == []
    assert errors == []
    assert [url for url in outside if not url.startswith(("data:", "blob:"))] == []


def _walk_through(page) -> None:
    page.wait_for_selector('body[data-ready="yes"]')
    page.wait_for_selector(".chart .scatterlayer .trace")
    assert page.locator("#logs li").count() == 3
    # The robot in 3-D.
    assert page.locator("#scene iframe").count() == 1
    page.frames[1].wait_for_selector("canvas")
    # Picked by name.
    page.fill("#search", "current")
    shown = page.locator("#signals label:visible")
    assert "current" in shown.first.inner_text()
    page.click('input[data-key="/reading current"]')
    page.wait_for_function("document.querySelectorAll('.chart .scatterlayer').length === 2")
    page.click('input[data-key="/reading current"]')
    page.wait_for_function("document.querySelectorAll('.chart').length === 1")
    # Scrubbed, by hand and by an event.
    page.locator("#time").fill("3")
    assert page.locator("#now").inner_text() == "3.00 s"
    page.locator("#events button", has_text="running").first.click()
    assert page.locator("#now").inner_text() != "3.00 s"
    # Nearer: rows of both logs, and what the simulator says.
    page.evaluate("see(1, 3)")
    page.wait_for_function("document.querySelector('.chart').data.length === 3")
    page.click("#play")
    page.wait_for_function("Number(document.getElementById('time').value) > 0.5")
    page.click("#play")
    assert page.locator("#trouble").is_hidden()


@needs_browser
def test_one_sample_that_stands_out_is_seen_and_joints_are_matched_by_name(tmp_path):
    api = pytest.importorskip("playwright.sync_api")
    joints = (["a", "b", "c"], ["c", "a", "b"])
    logs = [
        strange(tmp_path / f"{order[0]}.mcap", order, ticks=6000, setup={"joints": order})
        for order in joints
    ]
    opened = Opened(*logs, "--no-scene")
    try:
        with api.sync_playwright() as playwright:
            browser, page = browsing(playwright)
            page.goto(f"http://localhost:{opened.port}/")
            title = "document.querySelector('.chart .gtitle')?.textContent ?? ''"
            page.wait_for_function(f"({title}).includes('least and greatest of each 0.16 s')")
            lines = page.evaluate(
                "document.querySelector('.chart').data.map("
                "(line) => ({...line, y: [Math.min(...line.y), Math.max(...line.y)]}))"
            )
            browser.close()
    finally:
        opened.stop()
    assert [line["name"] for line in lines] == [*joints[0], *joints[1]]
    for line in lines:
        twin = next(other for other in lines if other["name"] == line["name"])
        assert line["line"]["color"] == twin["line"]["color"]
        low = float("abc".index(line["name"]))
        high = low + 1e-4 * SPIKE + 40.0 if line["name"] == "b" else low + 0.5999
        assert line["y"] == pytest.approx([low, high], abs=1e-4)


def test_what_cannot_be_opened_is_said_in_a_sentence(capsys, log, tmp_path):
    assert "absent" in refused(capsys, "open", tmp_path / "absent.mcap")
    (tmp_path / "text.mcap").write_text("time,position\n")
    assert "not an MCAP file" in refused(capsys, "open", tmp_path / "text.mcap")
    assert "no log was given" in refused(capsys, "open")
