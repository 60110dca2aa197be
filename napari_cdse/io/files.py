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
"""Errors that may come of reading JSON or TOML of unexpected content."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_LONGEST_SHOWN = 120
"""Most characters of a name in a message. A choice: about a line and a half."""
_HOST = hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]
"""Digest of this machine's name, in names of drafts: a process's number alone does not
tell whether it still runs, if it runs on another machine."""
_HIDDEN = re.compile(
    r"\.cdse-(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]+)-[0-9a-f]{32}\.(?P<kind>[a-z]+)"
)
_FOREIGN_DRAFT_S = 86_400.0
"""Age in s at which another machine's draft counts as abandoned. A choice: the largest
of our files takes minutes to write; a day also covers clocks that differ."""
_START_BYTES = 4096
"""Bytes read to recognise a format. A choice: one page of a disk."""
_LOCKS = ("~$%s", ".~lock.%s#")
"""Names of the lock files that Excel and LibreOffice put beside an open table."""


def shown(text: object) -> str:
    """Make any text fit for one line of a message.

    Control characters and undecodable bytes become escapes, and text longer than
    120 characters is cut.
    """
    escaped = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))
    if len(escaped) > _LONGEST_SHOWN:
        return escaped[: _LONGEST_SHOWN - 3] + "..."
    return escaped


def name_of(path: str | os.PathLike[str]) -> str:
    """Return a file's name for a message; see `shown`."""
    return shown(Path(path).name or path)


def why_unreadable(path: str | os.PathLike[str]) -> str | None:
    """Return a sentence why a path can't be read as a file; None if it can.

    The path is not opened, since opening a named pipe would block.
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
        Class of the error to raise, which depends on the caller.

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
    """Read a whole small file.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    limit_bytes : int
        Largest size allowed.
    error : type of CdseError
        See `open_file`.

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
    """Write a file atomically: completely, or not at all.

    The bytes are written to a hidden draft in the same folder, flushed to the disk, and
    only then the draft replaces the old file.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    data : bytes
        Its whole new content.
    error : type of CdseError
        See `open_file`.

    Raises
    ------
    CdseError
        Of the type asked for: disk full, no permission, no such folder. The old file
        is unchanged then.
    """
    with replacing(path, error) as draft:
        _write(draft, data)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], error: type[CdseError]) -> Iterator[Path]:
    """Replace a file atomically by a draft that the block writes.

    If the block ends without an error, the draft is flushed to the disk and replaces
    the file; else it is deleted.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    error : type of CdseError
        See `open_file`.

    Yields
    ------
    Path
        Of the draft, in the same folder; it does not exist yet.

    Raises
    ------
    CdseError
        Of the type asked for: disk full, no permission, no such folder. The old file
        is unchanged then.
    """
    target = Path(os.path.realpath(path))
    draft = target.with_name(hidden_name())
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            raise error(f"{name_of(path)} is not a file; choose another name.")
        yield draft
        _sync_file(draft)
        os.replace(draft, target)
    except (OSError, ValueError) as problem:
        raise error(_write_sentence(path, problem)) from problem
    finally:
        with contextlib.suppress(OSError, ValueError):
            draft.unlink(missing_ok=True)
    sync_folder(target.parent)


def check_writable(path: str | os.PathLike[str], error: type[CdseError]) -> None:
    """Check that `write_file` would work, without changing anything.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    error : type of CdseError
        See `open_file`.

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
            # Windows does not let a file be replaced while a program has it open.
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
    """Tell whether a path holds a file of another kind than the one to be written.

    Parameters
    ----------
    path : str or path-like
        False if there is no file, or an empty one.
    known : callable
        Called with the first 4096 bytes; true if they are of the kind to be written.
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
    """Check that a file can be written without overwriting one of another kind.

    A slip on the command line, like a wrong completion after ``--out``, must not
    destroy a user's file.

    Parameters
    ----------
    path : str or path-like
        Name of the file.
    known : callable
        See `holds_another`.
    kind : str
        Name of the kind in a message, like "report".
    error : type of CdseError
        See `open_file`.

    Raises
    ------
    CdseError
        Of the type asked for: the file is of another kind, or as `check_writable`.
    """
    if holds_another(path, known):
        raise error(
            f"{name_of(path)} is there already and is no {kind} of napari-cdse; it "
            "was left as it is: choose another name."
        )
    check_writable(path, error)


def remove_drafts(folder: str | os.PathLike[str]) -> int:
    """Delete drafts of `replacing` that killed processes have left in a folder.

    Drafts of running processes are kept, and so are those of other machines that are
    less than a day old.

    Returns
    -------
    int
        How many were deleted.
    """
    removed = 0
    for path in abandoned_drafts(folder):
        with contextlib.suppress(OSError):
            os.unlink(path)
            removed += 1
    return removed


def hidden_name(kind: str = "tmp") -> str:
    """Make a unique name for a hidden file, with this machine and process in it.

    Parameters
    ----------
    kind : str
        Suffix in small letters; files of the kind ``tmp`` are drafts.
    """
    return f".cdse-{_HOST}-{os.getpid()}-{uuid.uuid4().hex}.{kind}"


def abandoned_drafts(
    folder: str | os.PathLike[str], kind: str = "tmp", *, own: bool = False
) -> list[Path]:
    """Find hidden files (`hidden_name`) whose process has ended.

    Parameters
    ----------
    folder : str or path-like
        If it can't be read, the result is empty.
    kind : str
        As for `hidden_name`.
    own : bool
        Include files of this process.

    Returns
    -------
    list of Path
        Sorted by name. Files of other machines are included when they are a day old.
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
        and ((own and _is_own(found)) or _is_abandoned(path, found))
    ]


def read_start(path: str | os.PathLike[str]) -> bytes:
    """Read the first bytes of a file, to recognise its format.

    Returns
    -------
    bytes
        Up to 4096; empty if there is no file or it can't be read.
    """
    if why_unreadable(path):
        return b""
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            return file.read(_START_BYTES)
    except (OSError, ValueError):
        return b""


def make_folder(path: str | os.PathLike[str], error: type[CdseError]) -> Path:
    """Make a folder and its parents, unless they exist.

    Parameters
    ----------
    path : str or path-like
        Of the folder.
    error : type of CdseError
        See `open_file`.

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
    """Tell whether this process may read or write a file or folder.

    On Windows the answer is not reliable; only an attempt is.

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


def _is_abandoned(path: Path, found: re.Match[str]) -> bool:
    if found["host"] == _HOST:
        return not _is_running(int(found["pid"]))
    try:
        return time.time() - os.lstat(path).st_mtime > _FOREIGN_DRAFT_S
    except OSError:
        return False


def _is_running(pid: int) -> bool:
    """Tell whether a process runs on this machine; True if that is unknown."""
    if os.name == "nt":
        # Windows does not delete a file that is being written, so nothing can be lost.
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def open_without_waiting(path: str, flags: int) -> int:
    """Open a file without blocking if it is a named pipe; an ``opener`` of `open`."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)


def _sync_file(path: Path) -> None:
    # Windows can flush only files that are open for writing.
    with open(path, "r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, where the system can do that."""
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
    """Tell whether another program has the file open; called after a failed write."""
    if any(os.path.exists(path.with_name(lock % path.name)) for lock in _LOCKS):
        return True
    # Windows refuses to replace an open file in a folder that may be written to.
    return os.name == "nt" and os.path.isfile(path) and os.access(path, os.W_OK)


def _reason(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror.lower()
    return shown(problem)
