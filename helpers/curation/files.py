"""Files that hold what a person decided: each change is on the disk when the call returns, and one program writes at a time."""

import contextlib
import errno
import json
import os
import shutil
import socket
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from helpers.images import said_plainly

SILENT = 3600  # seconds without a sign of life after which a program on another computer is taken for gone
WRITING = 5  # seconds that another program may need to fill a lock file it has just made


class InUseError(OSError):
    """The file is open in another tab, notebook or program."""


def replace_file(path: Path, content: bytes) -> None:
    """Put ``content`` in place of what a file holds, so that after a crash the file holds either the old or the new, whole.

    Raises
    ------
    OSError
        One sentence: the disk is full, or the file may not be written. The old file is left as it was.
    """
    path = Path(os.path.realpath(path))  # a link stays a link
    partial = path.with_name(f".{path.name}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, partial)  # who else may write it still may
        os.replace(partial, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise _plainly(error, path) from error
    _sync_folder(path.parent)


def append_line(path: Path, text: str) -> None:
    """Add one line to a file; if that fails, the file is cut back to what it held.

    A last line that a crash has left without its end is ended first, so that the new line stands alone.

    Raises
    ------
    OSError
        One sentence: the disk is full, or the file may not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+") as file:
            size = file.seek(0, os.SEEK_END)
            torn = bool(size) and (file.seek(size - 1), file.read(1))[1] != b"\n"
            try:
                file.write((b"\n" if torn else b"") + text.encode("utf-8") + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(path, size)
                raise
    except OSError as error:
        raise _plainly(error, path) from error


class Lock:
    """Say to other programs that this one writes a file; held from making it until `release`.

    The lock is a hidden file beside, with process, computer and a mark that tells two panels of one process apart. The time of its last change
    is the last sign of life. A lock whose process is gone is taken over; so is one of the same process, because a cell of a notebook is often
    run twice: the older panel then gets a sentence at its next `check`.

    Parameters
    ----------
    path : Path
        The file to be written.
    take_over : bool
        Take the lock even from a program that lives.

    Raises
    ------
    InUseError
        If a program that lives holds it.
    OSError
        If the folder cannot be written.
    """

    def __init__(self, path: Path, take_over: bool = False) -> None:
        self.file = path
        self.path = path.with_name(f".{path.name}.lock")
        self.token = uuid.uuid4().hex
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "x", encoding="utf-8") as file:
                file.write(self._content())
        except FileExistsError:
            holder = self._holder()
            if not take_over and _lives(holder):
                raise InUseError(
                    f"{path.name} is open {_place(holder)}, last used {_ago(holder['age'])}: close it there, or restart that kernel, then open it here"
                ) from None
            replace_file(self.path, self._content().encode())
            self.check()  # of two programs that take over at once, the last one has it
        except OSError as error:
            raise _plainly(error, path) from error

    def check(self) -> None:
        """Raise if another program has taken the file over; give a sign of life otherwise.

        Raises
        ------
        InUseError
        """
        holder = self._holder()
        if not holder:  # somebody tidied the folder
            replace_file(self.path, self._content().encode())
        elif holder.get("token") != self.token:
            raise InUseError(
                f"{self.file.name} has been opened {_place(holder)}: go on there, or open it here again; what was saved here is kept"
            )
        else:
            os.utime(self.path)

    def release(self) -> None:
        """Give the file free; nothing happens if another program has taken it over."""
        with contextlib.suppress(OSError):
            if self._holder().get("token") == self.token:
                self.path.unlink(missing_ok=True)

    def _content(self) -> str:
        return json.dumps({"token": self.token, "pid": os.getpid(), "begun": _begun(os.getpid()), "host": socket.gethostname()})

    def _holder(self) -> dict[str, Any]:
        """Return what the lock says, and its age in seconds; nothing if there is none."""
        try:
            age = time.time() - self.path.stat().st_mtime
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            holder = json.loads(text)
        except ValueError:  # just made and not yet written, or damaged
            holder = {}
        return {**(holder if isinstance(holder, dict) else {}), "age": age}


def _lives(holder: dict[str, Any]) -> bool:
    if not holder:
        return False
    if "pid" not in holder:
        return holder["age"] < WRITING
    if holder.get("host") != socket.gethostname():
        return holder["age"] < SILENT
    pid = int(holder["pid"])
    return pid != os.getpid() and _process_exists(pid) and holder.get("begun") == _begun(pid)


def _process_exists(pid: int) -> bool:
    if sys.platform == "win32":  # os.kill would end the process there
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _begun(pid: int) -> str:
    """Return when a process began, in the system's count; empty where the system does not say. Numbers of processes are used again."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def _place(holder: dict[str, Any]) -> str:
    if holder.get("host") == socket.gethostname() and holder.get("pid") == os.getpid():
        return "a second time in this notebook"
    if holder.get("host") == socket.gethostname():
        return f"in another tab or notebook (process {holder.get('pid')})"
    return f"on the computer {holder['host']}" if "host" in holder else "in another tab or notebook"


def _ago(seconds: float) -> str:
    return "just now" if seconds < 60 else f"{seconds / 60:.0f} min ago" if seconds < 5400 else f"{seconds / 3600:.0f} h ago"


def _plainly(error: OSError, path: Path) -> OSError:
    if isinstance(error, InUseError):
        return error
    if isinstance(error, PermissionError) and path.exists():
        plain = PermissionError(f"{path.name} may not be written: close it in Excel or any other program, then do the last step again")
        plain.errno = errno.EACCES
        return plain
    return said_plainly(error, path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a new name last through a power cut, where the system can."""
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
