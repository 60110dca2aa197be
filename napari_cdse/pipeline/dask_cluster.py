"""Analyse micrographs on the workers of an existing Dask cluster.

The work and its results are the same as in processes of this machine. Workers read the
files that they can see, on a shared disk; other files are sent to them. Results are
stored here, so that a run that lost its cluster can be resumed on another one.

Dask's messages are pickled objects, which can run any code: a cluster has to be
trusted.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import tempfile
import uuid
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cdse import __version__
from napari_cdse.core.errors import CdseError, MicrographError
from napari_cdse.core.process_pool import in_turn
from napari_cdse.io.files import read_file, shown
from napari_cdse.io.images.micrograph_file import files_of
from napari_cdse.io.problem_report import Failure, Unforeseen, attempt
from napari_cdse.pipeline.many_files import Outcome, lost
from napari_cdse.pipeline.program_state import program_state

try:
    import distributed
except ImportError as error:
    raise CdseError(
        "Dask is not installed; install it with: pip install 'napari-cdse[dask]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_cdse.io.export.part_files import Findings, PartFiles
    from napari_cdse.pipeline.many_files import FileAnalysis

_CONNECT_S = 15.0
"""Seconds that a scheduler may take to answer. A choice: some round trips of a slow
network."""
_TASKS_PER_THREAD = 2
"""Files submitted per thread of the workers: one in work, one waiting, so that no
thread is idle."""
_MIN_PENDING = 8
"""Fewest files submitted at a time, since workers may join later."""
_MAX_SENT_BYTES = 2**29
"""Largest file that is sent to workers, since it passes through the scheduler's memory.
A larger one that they can't see is analysed on this machine. A choice."""
_SAME_TIME_NS = 2_000_000_000
"""Largest difference between a file's times of change on two machines: the resolution
of the FAT file system, 2 s."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Name, size and time of change, by which a worker recognises the right file."""

    name: str
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> _Stamp:
        found = path.stat()
        return cls(path.name, found.st_size, found.st_mtime_ns)

    def fits(self, other: _Stamp) -> bool:
        near = abs(self.changed_ns - other.changed_ns) <= _SAME_TIME_NS
        return (self.name, self.size) == (other.name, other.size) and near


@dataclass(frozen=True, slots=True)
class _Task:
    """One micrograph to analyse: its path or the content of its files.

    Attributes
    ----------
    path : str
        Absolute, on the machine of the caller. Not a `Path`, which can't be unpickled
        on another operating system.
    stamps : tuple of _Stamp
        Of each of its files.
    contents : tuple of bytes or None
        Of each of its files; None if workers are to read them.
    """

    path: str
    stamps: tuple[_Stamp, ...]
    contents: tuple[bytes, ...] | None = None

    @contextlib.contextmanager
    def local_file(self, scratch: str) -> Iterator[Path | None]:
        """Yield the file's path on the worker's machine; None if it isn't there."""
        if self.contents is None:
            yield self._visible_path()
            return
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            for stamp, content in zip(self.stamps, self.contents, strict=True):
                (Path(folder) / stamp.name).write_bytes(content)
            yield Path(folder) / Path(self.path).name

    def _visible_path(self) -> Path | None:
        path = Path(self.path)
        try:
            here = [_Stamp.of(path.with_name(each.name)) for each in self.stamps]
        except (OSError, ValueError):
            return None
        fits = all(a.fits(b) for a, b in zip(self.stamps, here, strict=True))
        return path if fits else None


@dataclass(frozen=True, slots=True)
class _Reply:
    """A worker's reply to a task.

    Attributes
    ----------
    worker : str
        Its address.
    version, state : str
        Of the worker's program; see `program_state`.
    seen : bool
        Whether the worker could read the file.
    findings, problem, notices, key, from_before
        As in `Outcome`.
    """

    worker: str
    version: str
    state: str
    seen: bool = True
    findings: Findings | None = None
    problem: str | None = None
    notices: tuple[str, ...] = ()
    key: str | None = None
    from_before: bool = False


class _AnalysisPlugin(distributed.WorkerPlugin):  # type: ignore[misc]
    """Holds the analysis on each worker; Dask sends it to late workers too.

    Parameters
    ----------
    analysis : FileAnalysis
        Without part files.
    done : frozenset of str
        Keys of the parts that the caller has already.
    """

    def __init__(self, analysis: FileAnalysis, done: frozenset[str]) -> None:
        self.analysis = analysis
        self.done = done

    def run(self, task: _Task, worker: Any) -> _Reply:
        """Analyse one micrograph, on the worker."""
        blank = _Reply(worker.address, __version__, program_state())
        with task.local_file(worker.local_directory) as path:
            if path is None:
                return replace(blank, seen=False)
            found = attempt(path, lambda: self._outcome(path))
        if isinstance(found, Failure):
            return replace(blank, problem=_with_host(found))
        problem = found.problem
        return replace(
            blank,
            findings=found.findings,
            problem=None if problem is None else _with_host(problem),
            notices=found.notices,
            key=found.key,
            from_before=found.from_before,
        )

    def _outcome(self, path: Path) -> Outcome:
        key = self.analysis.key(path)
        if key in self.done:
            return Outcome(path, None, key=key, from_before=True)
        outcome = self.analysis(path)
        # If the file has changed meanwhile, the key does not belong to the findings.
        unchanged = outcome.findings is not None and self.analysis.key(path) == key
        return replace(outcome, key=key if unchanged else None)


def _with_host(problem: str) -> str:
    """Add to an unforeseen error the machine on which its report is stored."""
    if not isinstance(problem, Unforeseen):
        return str(problem)
    return f"{problem} It happened on {socket.gethostname()}."


def _run_task(run: str, task: _Task) -> _Reply:
    """Analyse a micrograph, on a worker; ``run`` is the plugin's name."""
    worker = distributed.get_worker()
    plugin: _AnalysisPlugin = worker.plugins[run]
    return plugin.run(task, worker)


def analyse_on_cluster(
    paths: Sequence[Path],
    work: FileAnalysis,
    address: str,
    tell: Callable[[str], None],
) -> Iterator[Outcome]:
    """Analyse files on the workers of a cluster.

    Parameters
    ----------
    paths : sequence of Path
        Micrograph files.
    work : FileAnalysis
        Analyses each of them. Its part files are read and written here.
    address : str
        Of the scheduler, such as ``tcp://node1:8786``.
    tell : callable
        Called with a sentence if there is no worker yet.

    Yields
    ------
    Outcome
        In the order of ``paths``, as each is done; close the iterator to cancel.

    Raises
    ------
    CdseError
        If no scheduler answers at the address, or it is lost during the run, or the
        workers' version or libraries differ from each other's or from those here.
    """
    with _connected(address) as client:
        run = _Run(client, address, work)
        with run.prepared():
            if not client.scheduler_info(n_workers=0)["n_workers"]:
                tell(f"The cluster at {shown(address)} has no worker yet; waiting.")
            yield from in_turn(run.as_done(paths))


class _Run:
    """One run on a cluster: submits tasks and collects replies.

    Parameters
    ----------
    client : distributed.Client
    address : str
        Of the scheduler, for messages.
    work : FileAnalysis
    """

    def __init__(self, client: Any, address: str, work: FileAnalysis) -> None:
        self._client = client
        self._address = address
        self._work = work
        self._parts: PartFiles | None = work.parts
        self._name = f"napari-cdse-{uuid.uuid4().hex}"
        self._unseen_folders: set[Path] = set()
        self._program: _Reply | None = None

    @contextlib.contextmanager
    def prepared(self) -> Iterator[None]:
        """Register the plugin on all workers, and remove it in the end."""
        known = self._parts is not None and not self._work.again
        done = self._parts.keys() if known and self._parts else frozenset()
        plugin = _AnalysisPlugin(replace(self._work, parts=None), done)
        self._call(lambda: self._client.register_plugin(plugin, name=self._name))
        try:
            yield
        finally:
            # A lost scheduler has no workers to remove it from.
            with contextlib.suppress(Exception):
                self._client.unregister_worker_plugin(self._name)

    def as_done(self, paths: Sequence[Path]) -> Iterator[tuple[int, Outcome]]:
        """Yield outcomes as they come, each with its index in ``paths``."""
        todo = list(range(len(paths)))[::-1]
        pending: dict[Any, int] = {}
        results = distributed.as_completed(loop=self._client.loop)
        while todo or pending:
            while todo and len(pending) < self._max_pending():
                index = todo.pop()
                task = self._make_task(paths[index])
                if task is None:
                    yield index, self._work(paths[index])
                    continue
                self._send(task, index, pending, results)
            if not pending:
                continue
            future = next(results)
            index = pending.pop(future)
            reply = self._result(future)
            if reply is not None and not reply.seen:
                self._unseen_folders.add(paths[index].parent)
                todo.append(index)
                continue
            yield index, self._outcome(paths[index], reply)

    def _max_pending(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return max(_MIN_PENDING, _TASKS_PER_THREAD * threads)

    def _make_task(self, path: Path) -> _Task | None:
        """Make the task of a file; None for a file to be analysed in this process.

        That is a file that workers can't see and that is too large to be sent, or one
        that can't be read here, so that this process reports why.
        """
        try:
            files = files_of(path)
            stamps = tuple(_Stamp.of(each) for each in files)
            task = _Task(str(path.absolute()), stamps)
            if path.parent not in self._unseen_folders:
                return task
            if sum(each.size for each in stamps) > _MAX_SENT_BYTES:
                return None
            contents = [
                read_file(each, _MAX_SENT_BYTES, MicrographError) for each in files
            ]
        except (CdseError, OSError, ValueError):
            return None
        return replace(task, contents=tuple(contents))

    def _send(
        self, task: _Task, index: int, pending: dict[Any, int], results: Any
    ) -> None:
        def submit() -> Any:
            with warnings.catch_warnings():
                # Files of up to `_MAX_SENT_BYTES` are sent on purpose.
                warnings.filterwarnings("ignore", message="Sending large graph")
                return self._client.submit(_run_task, self._name, task, pure=False)

        future = self._call(submit)
        pending[future] = index
        results.add(future)

    def _result(self, future: Any) -> _Reply | None:
        """Return a worker's reply; None if each worker that tried the file has died."""
        try:
            reply = self._call(future.result)
        except distributed.KilledWorker:
            return None
        finally:
            future.release()
        return self._check_program(reply)

    def _call(self, request: Callable[[], Any]) -> Any:
        """Send a request to the cluster; raise `CdseError` if the scheduler is gone."""
        try:
            return request()
        except (
            distributed.CancelledError,
            distributed.comm.CommClosedError,
            OSError,
            TimeoutError,
        ) as problem:
            raise CdseError(
                f"The scheduler at {shown(self._address)} is gone. What is done is "
                "kept; the same command goes on from there, with --dask or without."
            ) from problem
        except ImportError as problem:
            raise CdseError(
                f"A worker of the cluster at {shown(self._address)} can't run "
                f"napari-cdse ({shown(problem)}); install napari-cdse {__version__} "
                "where the workers run."
            ) from problem

    def _check_program(self, reply: _Reply) -> _Reply:
        """Refuse results of another version, since results must not be mixed."""
        if reply.version != __version__:
            raise CdseError(
                f"The worker {shown(reply.worker)} has napari-cdse {reply.version}, "
                f"this is {__version__}; install the same where the workers run."
            )
        first = self._program = self._program or reply
        if reply.state != first.state:
            raise CdseError(
                f"The workers {shown(first.worker)} and {shown(reply.worker)} have "
                "not the same napari-cdse or not the same libraries; give them one "
                "installation."
            )
        return reply

    def _outcome(self, path: Path, reply: _Reply | None) -> Outcome:
        if reply is None:
            return Outcome(path, None, lost(path))
        if reply.from_before:
            return self._kept(path, reply)
        told = list(reply.notices)
        if self._parts is not None and reply.key and reply.findings is not None:
            try:
                self._parts.put(reply.key, reply.findings)
            except CdseError as error:
                told.append(str(error))
        return Outcome(path, reply.findings, reply.problem, tuple(told), reply.key)

    def _kept(self, path: Path, reply: _Reply) -> Outcome:
        """Return the findings of an earlier run; analyse here if they can't be read."""
        if self._parts is not None and reply.key is not None:
            with contextlib.suppress(CdseError):
                findings = self._parts.get(reply.key)
                if findings is not None:
                    return Outcome(path, findings, key=reply.key, from_before=True)
        return self._work(path)


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Connect to a scheduler, and silence Dask's own log messages."""
    with _silent("distributed"):
        try:
            client = distributed.Client(
                address, timeout=_CONNECT_S, set_as_default=False
            )
        except (OSError, ValueError) as problem:
            raise CdseError(
                f"No Dask scheduler answers at {shown(address)}; start one, and give "
                "the address that it prints, such as tcp://node1:8786."
            ) from problem
        except AssertionError as problem:
            # distributed 2026.8 asserts that the thread of its loop starts within 10 s.
            raise CdseError(
                "Dask did not start within 10 s, this machine is too busy; try again."
            ) from problem
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=_CONNECT_S)


@contextlib.contextmanager
def _silent(library: str) -> Iterator[None]:
    """Silence the loggers of a library, each of which has a level of its own."""
    every = [
        logging.getLogger(name)
        for name in logging.root.manager.loggerDict
        if name.partition(".")[0] == library
    ]
    levels = {logger: logger.level for logger in every}
    for logger in every:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
