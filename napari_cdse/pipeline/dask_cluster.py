"""Micrographs analysed by the workers of a Dask cluster that is there already.

The same work as in processes of this machine, with the same results. Workers read the
files that they can see; others are sent to them. Who asks keeps what is done, so that
a run that lost its cluster goes on with the next one.

Dask's messages hold pickled objects: only a cluster of one's own may be asked.
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
"""How long a scheduler may take to answer before it counts as not there."""
_WAITING = 2
"""Files handed out per thread of a worker, so that none is idle."""
_FEWEST_WAITING = 8
"""Files handed out while few workers are there: more may come."""
_MOST_SENT_BYTES = 2**29
"""Of a file that workers can't see; a larger one is analysed where it lies. What is
sent passes through the scheduler's memory."""
_SAME_TIME_NS = 2_000_000_000
"""By so much times of change may differ between two views of a file: FAT's step."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What tells whether a worker sees the file that is meant, or one of its name."""

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
class _Order:
    """One micrograph to analyse: where it lies, or what is in its files.

    Attributes
    ----------
    path : str
        Absolute, as whoever asks calls it; no `Path`, which other systems can't unpack.
    stamps : tuple of _Stamp
        Of each of its files.
    contents : tuple of bytes or None
        Of each of its files, where workers can't see them.
    """

    path: str
    stamps: tuple[_Stamp, ...]
    contents: tuple[bytes, ...] | None = None

    @contextlib.contextmanager
    def at_hand(self, scratch: str) -> Iterator[Path | None]:
        """Give the file's place on this machine; None where it can't be seen."""
        if self.contents is None:
            yield self._seen()
            return
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            for stamp, content in zip(self.stamps, self.contents, strict=True):
                (Path(folder) / stamp.name).write_bytes(content)
            yield Path(folder) / Path(self.path).name

    def _seen(self) -> Path | None:
        path = Path(self.path)
        try:
            here = [_Stamp.of(path.with_name(each.name)) for each in self.stamps]
        except (OSError, ValueError):
            return None
        fits = all(a.fits(b) for a, b in zip(self.stamps, here, strict=True))
        return path if fits else None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a worker says to an order.

    Attributes
    ----------
    worker : str
        Its address.
    version, state : str
        Of its program; see `program_state`.
    seen : bool
        Whether it had the file.
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


class _Analyst(distributed.WorkerPlugin):  # type: ignore[misc]
    """What each worker is told once, those too that come later.

    Parameters
    ----------
    analysis : FileAnalysis
        Without part files.
    done : frozenset of str
        Keys of the parts that whoever asks has already.
    """

    def __init__(self, analysis: FileAnalysis, done: frozenset[str]) -> None:
        self.analysis = analysis
        self.done = done

    def answer(self, order: _Order, worker: Any) -> _Answer:
        """Analyse one micrograph, on the worker."""
        blank = _Answer(worker.address, __version__, program_state())
        with order.at_hand(worker.local_directory) as path:
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
        # Nothing is kept of a file that was written meanwhile.
        unchanged = outcome.findings is not None and self.analysis.key(path) == key
        return replace(outcome, key=key if unchanged else None)


def _with_host(problem: str) -> str:
    """Say on which machine the report of an unforeseen error lies."""
    if not isinstance(problem, Unforeseen):
        return str(problem)
    return f"{problem} It happened on {socket.gethostname()}."


def _answer(run: str, order: _Order) -> _Answer:
    """Do it, on a worker; ``run`` is the plugin's name."""
    worker = distributed.get_worker()
    analyst: _Analyst = worker.plugins[run]
    return analyst.answer(order, worker)


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
        What to do with each. Its part files are read and written here.
    address : str
        Of the scheduler, such as ``tcp://node1:8786``.
    tell : callable
        Is called with a sentence when there is no worker yet.

    Yields
    ------
    Outcome
        In the order of ``paths``, as each is done; stop asking to cancel.

    Raises
    ------
    CdseError
        No scheduler answers at the address, it is lost meanwhile, or its workers have
        another program than this one or than each other.
    """
    with _connected(address) as client:
        run = _Run(client, address, work)
        with run.prepared():
            if not client.scheduler_info(n_workers=0)["n_workers"]:
                tell(f"The cluster at {shown(address)} has no worker yet; waiting.")
            yield from in_turn(run.as_done(paths))


class _Run:
    """The orders of one run, and what comes back.

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
        self._unseen: set[Path] = set()
        self._program: _Answer | None = None

    @contextlib.contextmanager
    def prepared(self) -> Iterator[None]:
        """Tell all workers what to do, and make them forget it in the end."""
        known = self._parts is not None and not self._work.again
        done = self._parts.keys() if known and self._parts else frozenset()
        analyst = _Analyst(replace(self._work, parts=None), done)
        self._asked(lambda: self._client.register_plugin(analyst, name=self._name))
        try:
            yield
        finally:
            # Without a scheduler nobody is left to tell.
            with contextlib.suppress(Exception):
                self._client.unregister_worker_plugin(self._name)

    def as_done(self, paths: Sequence[Path]) -> Iterator[tuple[int, Outcome]]:
        """Yield outcomes as they come, with the places of what they are of."""
        todo = list(range(len(paths)))[::-1]
        under_way: dict[Any, int] = {}
        results = distributed.as_completed(loop=self._client.loop)
        while todo or under_way:
            while todo and len(under_way) < self._most_waiting():
                index = todo.pop()
                order = self._order(paths[index])
                if order is None:
                    yield index, self._work(paths[index])
                    continue
                self._send(order, index, under_way, results)
            if not under_way:
                continue
            future = next(results)
            index = under_way.pop(future)
            answer = self._result(future)
            if answer is not None and not answer.seen:
                self._unseen.add(paths[index].parent)
                todo.append(index)
                continue
            yield index, self._outcome(paths[index], answer)

    def _most_waiting(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return max(_FEWEST_WAITING, _WAITING * threads)

    def _order(self, path: Path) -> _Order | None:
        """Write an order; None for a file that is read here.

        That is one that can't be read here either, since then this process says why;
        and one too large to be sent to workers that don't see it.
        """
        try:
            files = files_of(path)
            stamps = tuple(_Stamp.of(each) for each in files)
            order = _Order(str(path.absolute()), stamps)
            if path.parent not in self._unseen:
                return order
            if sum(each.size for each in stamps) > _MOST_SENT_BYTES:
                return None
            contents = [
                read_file(each, _MOST_SENT_BYTES, MicrographError) for each in files
            ]
        except (CdseError, OSError, ValueError):
            return None
        return replace(order, contents=tuple(contents))

    def _send(
        self, order: _Order, index: int, under_way: dict[Any, int], results: Any
    ) -> None:
        def submit() -> Any:
            with warnings.catch_warnings():
                # That it is large is known, and how large at most.
                warnings.filterwarnings("ignore", message="Sending large graph")
                return self._client.submit(_answer, self._name, order, pure=False)

        future = self._asked(submit)
        under_way[future] = index
        results.add(future)

    def _result(self, future: Any) -> _Answer | None:
        """Return a worker's answer; None where the file cost every worker its life."""
        try:
            answer = self._asked(future.result)
        except distributed.KilledWorker:
            return None
        finally:
            future.release()
        return self._checked(answer)

    def _asked(self, question: Callable[[], Any]) -> Any:
        """Ask the cluster; a scheduler that does not answer any more ends the run."""
        try:
            return question()
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

    def _checked(self, answer: _Answer) -> _Answer:
        """Refuse results of another program: they would stand beside ours."""
        if answer.version != __version__:
            raise CdseError(
                f"The worker {shown(answer.worker)} has napari-cdse {answer.version}, "
                f"this is {__version__}; install the same where the workers run."
            )
        first = self._program = self._program or answer
        if answer.state != first.state:
            raise CdseError(
                f"The workers {shown(first.worker)} and {shown(answer.worker)} have "
                "not the same napari-cdse or not the same libraries; give them one "
                "installation."
            )
        return answer

    def _outcome(self, path: Path, answer: _Answer | None) -> Outcome:
        if answer is None:
            return Outcome(path, None, lost(path))
        if answer.from_before:
            return self._kept(path, answer)
        told = list(answer.notices)
        if self._parts is not None and answer.key and answer.findings is not None:
            try:
                self._parts.put(answer.key, answer.findings)
            except CdseError as error:
                told.append(str(error))
        return Outcome(path, answer.findings, answer.problem, tuple(told), answer.key)

    def _kept(self, path: Path, answer: _Answer) -> Outcome:
        """Take what an earlier run found; what can't be read is analysed here."""
        if self._parts is not None and answer.key is not None:
            with contextlib.suppress(CdseError):
                findings = self._parts.get(answer.key)
                if findings is not None:
                    return Outcome(path, findings, key=answer.key, from_before=True)
        return self._work(path)


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Connect to a scheduler; its library's own messages are kept from the terminal."""
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
            # Its loop's thread has 10 s to begin; later distributed 2026.8 gives up.
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
    """Keep a library's messages back; its parts have levels of their own."""
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
