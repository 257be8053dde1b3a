"""`IdentityWords`: takes out of text what names a place, a machine or a person."""

import getpass
import re
import socket
from collections.abc import Iterable
from contextlib import suppress

TAKEN = "[taken away]"
"""What stands where something was taken out."""

_SHAPES = (
    # Addresses of mail, of the internet, of network cards, and of pages.
    r"[\w.+-]+@[\w.-]+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b",
    r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b|\b[a-z]+://\S+",
    # Paths, of which ports are some; not the markup of a model.
    r"(?<![\w.<])~?/(?=[\w.])[^\s,;:'\"()<>]+",
    r"\b[A-Za-z]:\\[^\s,;'\"]+|\\\\[^\s,;'\"]+",
    r"\b(?:tty|cu\.)\w+|\bCOM\d+\b",
    r"[^\s,;:'\"()/]+\.(?:mcap|json|npz|csv|toml|log|txt)\b",
)
"""How what is taken out of any text looks."""
_MODEL, _COMMENT = "<mujoco", re.compile(r"<!--.*?-->", re.DOTALL)
"""What a robot's model in MJCF holds, and what people wrote into it."""
_SHORTEST = 3
"""Length of the shortest text that is looked for elsewhere because it stood in the setup."""


class IdentityWords:
    """Knows the texts of one log that identify a lab, and takes them out of all others."""

    def __init__(self, secrets: set[str], ordinary: set[str]) -> None:
        """Take texts that must not stay, beside this machine's and this user's name.

        Args:
            secrets: texts that identify.
            ordinary: texts that do not, whatever else they may be called by.
        """
        words = (secrets | _here()) - ordinary
        known = sorted((w for w in words if len(w) >= _SHORTEST), key=len, reverse=True)
        bounded = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in known)
        self._known = re.compile(bounded, re.IGNORECASE) if known else None
        self._shapes = [re.compile(shape) for shape in _SHAPES]

    def clean(self, text: str) -> str:
        """Return a text without what identifies."""
        if self._known is not None:
            text = self._known.sub(TAKEN, text)
        if _MODEL in text:
            text = _COMMENT.sub("", text)
        for shape in self._shapes:
            text = shape.sub(TAKEN, text)
        return text


def texts_in(value: object) -> Iterable[str]:
    """All texts in a value of JSON, its keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)


def _here() -> set[str]:
    """Names of this machine and of its user."""
    found = {socket.gethostname(), socket.gethostname().split(".")[0]}
    with suppress(KeyError, OSError):
        found.add(getpass.getuser())
    return found
