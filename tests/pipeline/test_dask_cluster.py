"""Files analysed by a cluster in this process: what is sent, kept and refused."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed")

import distributed

from napari_cdse import __version__
from napari_cdse.core.errors import CdseError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.io.export.part_files import Findings, PartFiles
from napari_cdse.io.problem_report import Failure, Unforeseen
from napari_cdse.pipeline import FileAnalysis, dask_cluster
from napari_cdse.pipeline.dask_cluster import (
    _Reply,
    _Run,
    _Stamp,
    _Task,
    _with_host,
    analyse_on_cluster,
)
from napari_cdse.pipeline.many_files import Outcome
from tests.project_tools import write_picture

ASKED: list[tuple[str, bytes, bool]] = []
"""Name and content of each file that was analysed, and whether a worker did it."""

PLACES: list[Path] = []
"""Where these lay."""


@dataclass(frozen=True, slots=True, eq=False)
class ByName(FileAnalysis):
    """Finds nothing, and says so of each file by its name; one can't be used."""

    def __call__(self, path):
        here = threading.current_thread() is threading.main_thread()
        ASKED.append((path.name, path.read_bytes(), not here))
        PLACES.append(path)
        if "bad" in path.stem:
            return Outcome(path, None, f"{path.name} can't be used.", ("a notice",))
        size = PixelSize(0.04, PixelSizeSource.ASSUMED)
        return Outcome(path, Findings(path.stem, (90, 140), size, (), ()))


WORK = ByName(None, DetectionParams())


@pytest.fixture(scope="module")
def cluster():
    with dask_cluster._silent("distributed"):
        made = distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            dashboard_address="127.0.0.1:0",
        )
    yield made
    with dask_cluster._silent("distributed"):
        made.close()


@pytest.fixture
def paths(tmp_path):
    ASKED.clear()
    PLACES.clear()
    names = ["c", "bad", "a", "b"]
    return [write_picture(tmp_path / f"{name}.png", n) for n, name in enumerate(names)]


def run(cluster, paths, work=WORK):
    told: list[str] = []
    address = cluster.scheduler_address
    found = list(analyse_on_cluster(paths, work, address, told.append))
    assert told == []
    return found


def test_workers_answer_in_the_order_asked(cluster, paths):
    found = run(cluster, paths)
    assert [each.path for each in found] == paths
    assert [each.findings and each.findings.micrograph_id for each in found] == [
        "c",
        None,
        "a",
        "b",
    ]
    assert [each.problem for each in found] == [
        None,
        "bad.png can't be used.",
        None,
        None,
    ]
    assert found[1].notices == ("a notice",)
    assert [each.key for each in found] == [
        None if "bad" in path.stem else WORK.key(path) for path in paths
    ]
    assert not any(each.from_before for each in found)
    assert len(ASKED) == 4
    assert all(by_worker for *_, by_worker in ASKED)
    # Files that a worker sees are read where they lie.
    assert set(PLACES) == set(paths)
    # Nothing of the run stays with the workers.
    (worker,) = cluster.workers.values()
    assert not [name for name in worker.plugins if name.startswith("napari-cdse")]


def test_what_is_done_is_kept_here_and_not_asked_for_again(cluster, paths, tmp_path):
    parts = PartFiles(tmp_path / "parts")
    work = replace(WORK, parts=parts)
    first = run(cluster, paths, work)
    assert parts.keys() == {each.key for each in first if each.key}
    ASKED.clear()
    second = run(cluster, paths, work)
    assert [each.from_before for each in second] == [True, False, True, True]
    assert [name for name, *_ in ASKED] == ["bad.png"]
    assert [each.findings for each in second] == [each.findings for each in first]
    ASKED.clear()
    third = run(cluster, paths, replace(work, again=True))
    assert not any(each.from_before for each in third)
    assert len(ASKED) == 4
    # One that is damaged by now is analysed here.
    (parts.folder / f"{first[0].key}.part").write_bytes(b"odd")
    ASKED.clear()
    assert run(cluster, paths[:1], work)[0].findings == first[0].findings
    assert [by_worker for *_, by_worker in ASKED] == [False]


def test_meanwhile_the_library_is_silent_and_nobody_elses_client_changes(
    cluster, paths
):
    loud = logging.getLogger("distributed.core")
    pending = analyse_on_cluster(paths, WORK, cluster.scheduler_address, print)
    next(pending)
    assert not loud.isEnabledFor(logging.CRITICAL)
    with pytest.raises(ValueError, match="No client"):
        distributed.default_client()
    pending.close()
    assert loud.isEnabledFor(logging.CRITICAL)


def test_a_file_that_is_asked_for_twice_is_analysed_twice(cluster, paths):
    found = run(cluster, [paths[0], paths[0]])
    assert [each.path for each in found] == [paths[0]] * 2
    assert len(ASKED) == 2


def test_files_that_workers_do_not_see_are_sent_to_them(cluster, paths, monkeypatch):
    monkeypatch.setattr(_Task, "_visible_path", lambda self: None)
    found = run(cluster, paths)
    assert [each.path for each in found] == paths
    sent = {name: content for name, content, by_worker in ASKED if by_worker}
    assert sent == {path.name: path.read_bytes() for path in paths}
    assert not set(PLACES) & set(paths)


def test_files_too_large_to_send_are_analysed_here(cluster, paths, monkeypatch):
    monkeypatch.setattr(_Task, "_visible_path", lambda self: None)
    size = max(path.stat().st_size for path in paths)
    for most, by_workers in ((size, True), (1, False)):
        ASKED.clear()
        monkeypatch.setattr(dask_cluster, "_MAX_SENT_BYTES", most)
        assert [each.path for each in run(cluster, paths)] == paths
        assert {by_worker for *_, by_worker in ASKED} == {by_workers}


def test_a_file_that_is_gone_is_told_here(cluster, tmp_path):
    gone = tmp_path / "none.png"

    @dataclass(frozen=True, slots=True, eq=False)
    class Tells(FileAnalysis):
        def __call__(self, path):
            return Outcome(path, None, f"{path.name} is gone.")

    (found,) = run(cluster, [gone], Tells(None, DetectionParams()))
    assert found == Outcome(gone, None, "none.png is gone.")


def test_nothing_is_kept_of_a_file_that_changes_meanwhile(cluster, paths, tmp_path):
    parts = PartFiles(tmp_path / "parts")

    @dataclass(frozen=True, slots=True, eq=False)
    class Writes(ByName):
        def __call__(self, path):
            told = ByName.__call__(self, path)
            write_picture(path, 77)
            return told

    (found,) = run(cluster, paths[:1], Writes(None, DetectionParams(), parts=parts))
    assert found.findings is not None
    assert found.key is None
    assert parts.keys() == frozenset()


def test_without_a_worker_one_is_waited_for_and_that_is_told(paths, monkeypatch):
    with dask_cluster._silent("distributed"):
        cluster = distributed.LocalCluster(
            n_workers=0, processes=False, dashboard_address="127.0.0.1:0"
        )
    told: list[str] = []
    as_done = _Run.as_done

    def worker_comes(run, paths):
        # Whether or not that none is there was told.
        cluster.scale(1)
        yield from as_done(run, paths)

    monkeypatch.setattr(_Run, "as_done", worker_comes)
    address = cluster.scheduler_address
    found = list(analyse_on_cluster(paths[:1], WORK, address, told.append))
    assert [each.path for each in found] == paths[:1]
    assert told == [f"The cluster at {address} has no worker yet; waiting."]
    with dask_cluster._silent("distributed"):
        cluster.close()


def test_no_scheduler_is_a_sentence(monkeypatch, paths):
    monkeypatch.setattr(dask_cluster, "_CONNECT_S", 0.2)
    with pytest.raises(CdseError, match="No Dask scheduler answers at tcp://127"):
        list(analyse_on_cluster(paths, WORK, "tcp://127.0.0.1:1", print))


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        (_Stamp("a.png", 5, 10**18), True),
        (_Stamp("a.png", 5, 10**18 + 2 * 10**9), True),
        (_Stamp("a.png", 5, 10**18 - 2 * 10**9), True),
        (_Stamp("a.png", 5, 10**18 + 2 * 10**9 + 1), False),
        (_Stamp("a.png", 5, 10**18 - 2 * 10**9 - 1), False),
        (_Stamp("a.png", 6, 10**18), False),
        (_Stamp("b.png", 5, 10**18), False),
    ],
)
def test_a_file_is_the_same_by_name_size_and_two_seconds(other, fits):
    assert _Stamp("a.png", 5, 10**18).fits(other) is fits
    assert other.fits(_Stamp("a.png", 5, 10**18)) is fits


def test_a_file_is_seen_where_all_that_belongs_to_it_is_as_it_was(tmp_path):
    path, beside = tmp_path / "a.emi", tmp_path / "a_1.ser"
    path.write_bytes(b"head")
    beside.write_bytes(b"pixels")
    os.utime(path, ns=(0, 10**18))
    stamps = (_Stamp.of(path), _Stamp.of(beside))
    assert stamps[0] == _Stamp("a.emi", 4, 10**18)
    task = _Task(str(path), stamps)
    with task.local_file(str(tmp_path)) as found:
        assert found == path
    beside.write_bytes(b"others")
    os.utime(beside, ns=(0, 10**18))
    with task.local_file(str(tmp_path)) as found:
        assert found is None
    beside.unlink()
    with task.local_file(str(tmp_path)) as found:
        assert found is None
    sent = replace(task, contents=(b"head", b"pixels"))
    with sent.local_file(str(tmp_path)) as found:
        assert found.name == "a.emi"
        assert found.parent.parent == tmp_path
        assert found.read_bytes() == b"head"
        assert found.with_name("a_1.ser").read_bytes() == b"pixels"
    assert not found.parent.exists()


def run_without_cluster(work=WORK, threads=None):
    client = SimpleNamespace(nthreads=lambda: threads or {})
    return _Run(client, "tcp://x:1", work)


@pytest.mark.parametrize(
    ("threads", "most"), [({}, 8), ({"a": 2, "b": 2}, 8), ({"a": 3, "b": 2}, 10)]
)
def test_two_files_for_each_thread_are_under_way_and_eight_at_least(threads, most):
    assert run_without_cluster(threads=threads)._max_pending() == most


def test_another_program_on_a_worker_ends_the_run():
    checked = run_without_cluster()._check_program
    ours = _Reply("tcp://one", __version__, "state")
    assert checked(ours) is ours
    assert checked(replace(ours, worker="tcp://two")).worker == "tcp://two"
    with pytest.raises(CdseError, match="tcp://two has napari-cdse 9"):
        checked(_Reply("tcp://two", "9.9", "state"))
    with pytest.raises(CdseError, match="tcp://one and tcp://two have not the same"):
        checked(_Reply("tcp://two", __version__, "other"))


class Future:
    """Stands for one whose result is an error."""

    def __init__(self, error):
        self.error, self.released = error, False

    def result(self):
        raise self.error

    def release(self):
        self.released = True


def test_a_file_that_cost_every_worker_its_life_is_lost(tmp_path):
    run = run_without_cluster()
    future = Future(distributed.KilledWorker("key", None, 3))
    assert run._result(future) is None
    assert future.released
    path = tmp_path / "a.png"
    found = run._outcome(path, None)
    assert (found.path, found.findings) == (path, None)
    assert found.problem.startswith("a.png: its analysis ended with its whole process")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (distributed.CancelledError("key"), "scheduler at tcp://x:1 is gone"),
        (distributed.comm.CommClosedError("lost"), "scheduler at tcp://x:1 is gone"),
        (OSError("lost"), "scheduler at tcp://x:1 is gone"),
        (TimeoutError(), "scheduler at tcp://x:1 is gone"),
        (ImportError("no numpy"), r"can't run napari-cdse \(no numpy\)"),
    ],
)
def test_a_cluster_that_is_lost_ends_the_run_with_a_sentence(error, says):
    future = Future(error)
    with pytest.raises(CdseError, match=says):
        run_without_cluster()._result(future)
    assert future.released


def test_where_parts_cannot_be_written_that_is_told(tmp_path):
    parts = PartFiles(tmp_path / "parts")
    run = run_without_cluster(replace(WORK, parts=parts))
    size = PixelSize(0.04, PixelSizeSource.ASSUMED)
    reply = _Reply(
        "w",
        __version__,
        "s",
        findings=Findings("m", (9, 9), size, (), ()),
        notices=("one",),
        key="k",
    )
    path = Path("a.png")
    assert run._outcome(path, reply) == Outcome(
        path, reply.findings, None, ("one",), "k"
    )
    assert parts.keys() == {"k"}
    (parts.folder / "k.part").unlink()
    parts.folder.rmdir()
    told = run._outcome(path, reply).notices
    assert told[0] == "one"
    assert len(told) == 2
    assert "was not written" in told[1]


def test_an_error_nobody_foresaw_is_told_with_its_machine(monkeypatch):
    monkeypatch.setattr(dask_cluster.socket, "gethostname", lambda: "node7")
    assert _with_host(Unforeseen("It broke.")) == "It broke. It happened on node7."
    assert _with_host(Failure("It is damaged.")) == "It is damaged."


def test_a_librarys_messages_are_back_afterwards():
    loud, other = logging.getLogger("loud.part"), logging.getLogger("louder")
    loud.setLevel(logging.INFO)
    before = other.level
    with dask_cluster._silent("loud"):
        assert not loud.isEnabledFor(logging.CRITICAL)
        assert other.level == before
    assert loud.level == logging.INFO
