"""`kept`: what was measured once is not measured again by a run that was killed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ashore.policies.storage.whole_file import write_file


def kept(path: Path, asked: Any, make: Callable[[], Any]) -> Any:
    """What `make` returns, as JSON has it; read back if the file answers the same question.

    Args:
        path: where the answer is kept.
        asked: all that it depends on, as JSON can hold it.
        make: what finds it out.
    """
    question = json.loads(json.dumps(asked))
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["asked"] == question:
            return found["answer"]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"asked": question, "answer": make()}, indent=1)
    write_file(path, text.encode())
    return json.loads(text)["answer"]
