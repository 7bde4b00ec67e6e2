"""A journal: one line of JSON a step, on the disk when the step is made, read again to go on."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.curation.files import Lock, append_line


class Journal:
    """Steps of work on one thing, which the first line names.

    Parameters
    ----------
    path : str or Path
        Made if it is missing.
    start : mapping
        The first line: what the steps belong to.
    take_over : bool
        As `helpers.curation.files.Lock`.

    Raises
    ------
    InUseError
        If it is open in another tab, notebook or program.
    ValueError
        If it begins with another first line.
    OSError
        If it cannot be read or written.
    """

    def __init__(self, path: str | Path, start: Mapping[str, Any], *, take_over: bool = False) -> None:
        self.path = Path(path).expanduser().resolve()
        self._lock = Lock(self.path, take_over)
        try:
            self._lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
            if not any(self._lines):
                append_line(self.path, json.dumps(start))
            elif _parsed(self._lines[0]) != start:
                raise ValueError(
                    f"{self.path.name} is the journal of other labels than these, or of {_parsed(self._lines[0]).get('kind', 'no')} edits: "
                    "open the labels that the corrections began with, or name a new journal"
                )
        except BaseException:
            self.close()
            raise

    def steps(self) -> list[tuple[int, dict[str, Any]]]:
        """Return the steps that were there when it was opened, each with its line; one that cannot be read is empty."""
        return [(number, _parsed(line)) for number, line in enumerate(self._lines[1:], start=2) if line.strip()]

    def write(self, step: Mapping[str, Any]) -> None:
        """Add a step; raise if another program has taken the journal over, or it cannot be written."""
        self._lock.check()
        append_line(self.path, json.dumps(step))

    def close(self) -> None:
        """Give the file free for others."""
        self._lock.release()


def _parsed(line: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        content = json.loads(line)
        if isinstance(content, dict):
            return content
    return {}
