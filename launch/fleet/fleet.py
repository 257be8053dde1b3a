"""`find_fleet`: whose logs a folder holds."""

from pathlib import Path

from ashore.adapt.errors import AdaptError

LOG = "*.mcap"


def find_fleet(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Logs by robot, in the order of their names: those of a sub-folder, or one beside them.

    Raises:
        AdaptError: there is no such folder, no log in it, or two robots of one name.
    """
    if not folder.is_dir():
        raise AdaptError(f"no folder {folder}; give one with a sub-folder of logs for each robot")
    logs = {path.name: tuple(sorted(path.glob(LOG))) for path in folder.iterdir() if path.is_dir()}
    found = {name: paths for name, paths in logs.items() if paths}
    for path in folder.glob(LOG):
        if path.stem in found:
            raise AdaptError(
                f"{folder} has logs of {path.stem!r} both in a sub-folder and beside it; give each "
                "robot a name of its own"
            )
        found[path.stem] = (path,)
    if not found:
        raise AdaptError(
            f"{folder} holds no logs ({LOG}); put those of each robot into a sub-folder that has "
            "its name"
        )
    return dict(sorted(found.items()))
