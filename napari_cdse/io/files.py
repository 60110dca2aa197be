"""Open regular files safely, write files atomically, explain failures in sentences."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import stat
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedReader

    from napari_cdse.core.errors import CdseError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
MALFORMED = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What taking apart JSON or TOML that another hand wrote may end in."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_LONGEST_SHOWN = 120
_HOST = hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]
"""This machine, for names of drafts: process numbers mean nothing on another one."""
_HIDDEN = re.compile(
    r"\.cdse-(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]+)-[0-9a-f]{32}\.(?P<kind>[a-z]+)"
)
_FOREIGN_DRAFT_S = 86_400.0
"""Age in s at which another machine's draft is taken for left over. Writing the largest
of our files takes minutes; a day also covers clocks that differ."""
_START_BYTES = 4096
"""What a format says of itself stands at the start; a choice: one page of a disk."""
_LOCKS = ("~$%s", ".~lock.%s#")
"""Names of the files that Excel and LibreOffice put beside a table that is open."""


def shown(text: object) -> str:
    """Turn a name or a line of a file into something fit for one line of a message.

    Control characters and undecodable bytes are written as escapes, and what is
    longer than 120 characters is cut.
    """
    escaped = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))
    if len(escaped) > _LONGEST_SHOWN:
        return escaped[: _LONGEST_SHOWN - 3] + "..."
    return escaped


def name_of(path: str | os.PathLike[str]) -> str:
    """Name a file in a message."""
    return shown(Path(path).name or path)


def why_unreadable(path: str | os.PathLike[str]) -> str | None:
    """Say in a sentence why a path is no file that can be read; None if it is one.

    The path is looked at, never opened, so that a named pipe cannot block.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as problem:
        return _open_sentence(path, problem)
    for test, kind in _KINDS:
        if test(mode):
            return f"{name_of(path)} is {kind}, not a file; name a file instead."
    return None


@contextlib.contextmanager
def open_file(
    path: str | os.PathLike[str], error: type[CdseError]
) -> Iterator[BufferedReader]:
    """Open a regular file for reading.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    error : type of CdseError
        What to raise, so that the message comes from the right part.

    Yields
    ------
    BufferedReader

    Raises
    ------
    CdseError
        Of the type asked for: missing, dangling link, folder, pipe, device,
        no permission.
    """
    reason = why_unreadable(path)
    if reason:
        raise error(reason)
    try:
        file = open(path, "rb", opener=open_without_waiting)
    except (OSError, ValueError) as problem:
        raise error(_open_sentence(path, problem)) from problem
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise error(f"{name_of(path)} is not a file any more; try again.")
        yield file


def read_file(
    path: str | os.PathLike[str], limit_bytes: int, error: type[CdseError]
) -> bytes:
    """Read a small file whole.

    Raises
    ------
    CdseError
        Of the type asked for, also where the file is larger than the limit.
    """
    with open_file(path, error) as file:
        try:
            data = file.read(limit_bytes + 1)
        except OSError as problem:
            raise error(_open_sentence(path, problem)) from problem
    if len(data) > limit_bytes:
        raise error(
            f"{name_of(path)} is larger than {limit_bytes / 2**20:g} MiB, "
            "far too large for such a file; check that it is the right one."
        )
    return data


def write_file(
    path: str | os.PathLike[str], data: bytes, error: type[CdseError]
) -> None:
    """Write a file whole or not at all.

    The bytes go to a hidden file in the same folder, reach the disk, and only then
    take the old file's place.

    Raises
    ------
    CdseError
        Of the type asked for: disk full, no permission, no such folder. What was
        there before is untouched.
    """
    with replacing(path, error) as draft:
        _write(draft, data)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], error: type[CdseError]) -> Iterator[Path]:
    """Lend a hidden file that takes a file's place when the block ends well.

    Its bytes are on the disk before it does; if the block raises, it is gone.

    Yields
    ------
    Path
        In the same folder; not there yet.

    Raises
    ------
    CdseError
        Of the type asked for: disk full, no permission, no such folder. What was
        there before is untouched.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(hidden_name())
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            raise error(f"{name_of(path)} is not a file; choose another name.")
        yield draft
        _bring_to_disk(draft)
        os.replace(draft, target)
    except (OSError, ValueError) as problem:
        raise error(_write_sentence(path, problem)) from problem
    finally:
        with contextlib.suppress(OSError, ValueError):
            draft.unlink(missing_ok=True)
    settle(target.parent)


def check_writable(path: str | os.PathLike[str], error: type[CdseError]) -> None:
    """Try whether `write_file` would work, and leave everything as it is.

    Raises
    ------
    CdseError
        Of the type asked for, with the sentence that `write_file` would give.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(hidden_name())
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            raise error(f"{name_of(path)} is not a file; choose another name.")
        _write(draft, b"")
        if os.name == "nt" and os.path.exists(target):
            # A program that holds the file open forbids its replacement there.
            with open(target, "r+b"):
                pass
    except (OSError, ValueError) as problem:
        raise error(_write_sentence(path, problem)) from problem
    finally:
        with contextlib.suppress(OSError, ValueError):
            draft.unlink(missing_ok=True)


def holds_another(
    path: str | os.PathLike[str], known: Callable[[bytes], object]
) -> bool:
    """Whether what lies in a file's place is not of the kind that would replace it.

    Parameters
    ----------
    path : str or path-like
        Nothing is lost where there is no file yet, or an empty one.
    known : callable
        Takes the first 4096 bytes; true for an earlier file of that kind.
    """
    try:
        there = os.path.isfile(path) and os.path.getsize(path) > 0
    except (OSError, ValueError):
        return False
    return there and not known(read_start(path))


def check_replaceable(
    path: str | os.PathLike[str],
    known: Callable[[bytes], object],
    kind: str,
    error: type[CdseError],
) -> None:
    """Try whether a file may be written, in whose place lies none or an earlier one.

    A file that a word too few or a tab key put behind ``--out`` may be all that there
    is of somebody's work.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    known : callable
        See `holds_another`.
    kind : str
        What to call a file that is known, as "report".
    error : type of CdseError
        What to raise.

    Raises
    ------
    CdseError
        Of the type asked for: what is there is something else, or as `check_writable`.
    """
    if holds_another(path, known):
        raise error(
            f"{name_of(path)} is there already and is no {kind} of napari-cdse; it "
            "was left as it is: choose another name."
        )
    check_writable(path, error)


def remove_drafts(folder: str | os.PathLike[str]) -> int:
    """Remove what killed processes left of files that they were writing.

    A draft of a process that still runs is left alone; so is one that another machine
    writes to a shared folder, until it is a day old.

    Returns
    -------
    int
        How many were removed; whatever can't be looked at stays.
    """
    removed = 0
    for path in left_over(folder):
        with contextlib.suppress(OSError):
            os.unlink(path)
            removed += 1
    return removed


def hidden_name(kind: str = "tmp") -> str:
    """Make a name for a file of this process alone.

    Parameters
    ----------
    kind : str
        What it ends in, small letters; ``tmp`` is removed by `remove_drafts`.
    """
    return f".cdse-{_HOST}-{os.getpid()}-{uuid.uuid4().hex}.{kind}"


def left_over(
    folder: str | os.PathLike[str], kind: str = "tmp", *, own: bool = False
) -> list[Path]:
    """Find the hidden files of one kind that no process works on any more.

    Parameters
    ----------
    folder : str or path-like
        One that can't be looked at has none.
    kind : str
        As for `hidden_name`.
    own : bool
        Take this process's too.

    Returns
    -------
    list of Path
        By name. Those of another machine only when they are a day old.
    """
    try:
        names = sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []
    matches = [(Path(folder, name), _HIDDEN.fullmatch(name)) for name in names]
    return [
        path
        for path, found in matches
        if found
        and found["kind"] == kind
        and ((own and _is_own(found)) or _is_left_over(path, found))
    ]


def read_start(path: str | os.PathLike[str]) -> bytes:
    """Read the first bytes of a file, to tell what it is.

    Returns
    -------
    bytes
        Up to 4096; none of what is not there, or no file that can be read.
    """
    if why_unreadable(path):
        return b""
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            return file.read(_START_BYTES)
    except (OSError, ValueError):
        return b""


def make_folder(path: str | os.PathLike[str], error: type[CdseError]) -> Path:
    """Make a folder and those above it, unless they are there.

    Raises
    ------
    CdseError
        Of the type asked for: a file of that name, no permission, disk full.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as problem:
        raise error(
            f"{shown(folder)} cannot be a folder, a file is in its place; "
            "choose another name."
        ) from problem
    except (OSError, ValueError) as problem:
        raise error(_write_sentence(folder, problem)) from problem
    return folder


def permits(path: Path, mode: int) -> bool:
    """Whether the user that this process acts as may use a file or folder.

    On Windows permissions are of another kind: only the attempt tells for sure.

    Parameters
    ----------
    path : Path
        A file or a folder.
    mode : int
        ``os.R_OK`` or ``os.W_OK``.
    """
    effective = os.access in os.supports_effective_ids
    return os.access(path, mode, effective_ids=effective)


def _is_own(found: re.Match[str]) -> bool:
    return found["host"] == _HOST and int(found["pid"]) == os.getpid()


def _is_left_over(path: Path, found: re.Match[str]) -> bool:
    if found["host"] == _HOST:
        return not _is_running(int(found["pid"]))
    try:
        return time.time() - os.lstat(path).st_mtime > _FOREIGN_DRAFT_S
    except OSError:
        return False


def _is_running(pid: int) -> bool:
    """Whether a process of this machine runs; True where it can't be told."""
    if os.name == "nt":
        # There a file that is being written can't be removed, so nothing is at stake.
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def open_without_waiting(path: str, flags: int) -> int:
    """Open what may be a named pipe, for which nobody is to wait."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)


def _bring_to_disk(path: Path) -> None:
    # Windows brings to the disk only what is open for writing.
    with open(path, "r+b") as file:
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Bring new names of a folder to the disk too, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _open_sentence(path: str | os.PathLike[str], problem: Exception) -> str:
    name = name_of(path)
    if isinstance(problem, FileNotFoundError) and os.path.islink(path):
        return f"{name} is a link to a file that is gone; mend or remove the link."
    if isinstance(problem, FileNotFoundError):
        return f"{name} does not exist; check the name ({shown(path)})."
    if isinstance(problem, PermissionError):
        return f"{name} may not be read; ask for permission or use a copy."
    return f"{name} cannot be read ({_reason(problem)}); check the name and the disk."


def _write_sentence(path: str | os.PathLike[str], problem: Exception) -> str:
    code = problem.errno if isinstance(problem, OSError) else None
    folder = shown(Path(path).parent)
    if code in _FULL:
        advice = "the disk is full; make room and write again"
    elif code in _FORBIDDEN and _is_held_open(Path(path)):
        advice = "another program holds it open (Excel?); close it there, then repeat"
    elif code in _FORBIDDEN:
        advice = f"{folder} may not be written to; choose another folder"
    elif code in (errno.ENOENT, errno.ENOTDIR):
        advice = f"{folder} is no folder; choose another one"
    else:
        advice = f"{_reason(problem)}; choose another place"
    return f"{name_of(path)} was not written: {advice}."


def _is_held_open(path: Path) -> bool:
    """Whether a table is open elsewhere, by its lock file or by what Windows allows."""
    if any(os.path.exists(path.with_name(lock % path.name)) for lock in _LOCKS):
        return True
    # Windows refuses to replace an open file in a folder that may be written to.
    return os.name == "nt" and os.path.isfile(path) and os.access(path, os.W_OK)


def _reason(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror.lower()
    return shown(problem)
