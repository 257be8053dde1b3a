"""What is shipped: every package, every data file, and no heavy dependency on a robot."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hardware", "envs", "policies", "adapt", "launch")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """What git would hold, so that no build folder is left in the checkout."""
    copy = tmp_path_factory.mktemp("checkout")
    asked = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", *ROOMS]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    for name in [*listed, "pyproject.toml", "README.md", "LICENSE"]:
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    return copy


def test_every_package_is_on_the_list_that_ships():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        ".".join(("ashore", *path.parent.relative_to(ROOT).parts))
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert set(listed) == found


def test_a_help_text_waits_for_nothing_heavy():
    code = (
        "import sys, ashore.launch.cli\n"
        "heavy = {'numpy', 'mcap', 'serial', 'mujoco', 'torch', 'scipy'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_room_is_imported_under_its_bare_name():
    code = (
        "import sys, pkgutil, importlib\n"
        f"for room in {ROOMS}:\n"
        "    package = importlib.import_module(f'ashore.{room}')\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
        f"sys.exit(', '.join(set(sys.modules) & set({ROOMS})) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_the_wheel_holds_every_module_and_data_file(checkout, tmp_path):
    pip = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", tmp_path]
    subprocess.run([*pip, checkout], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {n.removeprefix("ashore/") for n in zipfile.ZipFile(wheel).namelist()}
    wanted = {
        str(path.relative_to(checkout))
        for room in ROOMS
        for path in (checkout / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= held


@pytest.mark.slow
def test_a_robots_computer_installs_nothing_heavy(checkout, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "v"], check=True)
    python = tmp_path / "v" / "bin" / "python"
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    constraints = ["-c", ROOT / "constraints.txt"]
    subprocess.run([*pip, "install", checkout, *constraints], check=True)
    listed = subprocess.run([*pip, "freeze"], capture_output=True, text=True, check=True).stdout
    names = {line.split("==")[0].split(" ")[0].lower() for line in listed.splitlines()}
    assert not names & {"torch", "mujoco", "gymnasium", "stable-baselines3", "scipy", "matplotlib"}
    ashore = [tmp_path / "v" / "bin" / "ashore", "--help"]
    assert "deploy" in subprocess.run(ashore, capture_output=True, text=True, check=True).stdout
