"""``predict --dask``: a real scheduler and real workers, some of which die."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest

from napari_cdse.cli import main
from tests.cli.test_going_on import analysed, results
from tests.cli.test_interruption import folder, started, wait_for

pytest.importorskip("distributed")

from napari_cdse import __version__
from napari_cdse.core.errors import CdseError
from napari_cdse.core.params import DetectionParams
from napari_cdse.pipeline import FileAnalysis, dask_cluster

__all__ = ["analysed", "folder"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


class Cluster:
    """A scheduler and its workers, processes of their own."""

    def __init__(self, scratch):
        self._stack = ExitStack()
        self._scratch = scratch
        flags = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self.scheduler = self._started("dask_scheduler", *flags)
        self.address = line_of(self.scheduler, "Scheduler at:").split()[-1]

    def add_worker(self):
        scratch = ["--local-directory", str(self._scratch)]
        flags = ["--nthreads", "1", "--no-nanny", "--no-dashboard", *scratch]
        worker = self._started("dask_worker", self.address, *flags)
        line_of(worker, "Registered to:")
        return worker

    def close(self):
        self._stack.close()

    def _started(self, name, *flags):
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{name}", *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._stack.callback(end, process)
        return process


def line_of(process, words):
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it ended without a word of {words!r}")


def end(process):
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster with one worker."""
    cluster = Cluster(tmp_path_factory.mktemp("scratch"))
    cluster.add_worker()
    yield cluster
    cluster.close()


@pytest.fixture
def own_cluster(tmp_path):
    """A cluster to be broken, with one worker."""
    cluster = Cluster(tmp_path)
    cluster.workers = [cluster.add_worker()]
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    """Results of this machine alone."""
    out = tmp_path_factory.mktemp("undisturbed")
    assert predict(folder, out, "--jobs", "1") == 0
    return results(out)


def predict(pictures, out, *flags):
    return main(["predict", str(pictures), "--out", str(out), "--no-figures", *flags])


def test_a_cluster_gives_the_same_bytes_and_goes_on_where_it_was(
    cluster, folder, tmp_path, undisturbed, analysed, capsys
):
    out = tmp_path / "out"
    assert predict(folder, out, "--dask", cluster.address) == 0
    assert results(out) == undisturbed
    assert predict(folder, out, "--dask", cluster.address) == 0
    assert "Of 8, 8 micrographs were done by an earlier run" in capsys.readouterr().out
    assert results(out) == undisturbed
    assert analysed == []


def test_files_that_workers_cannot_see_are_sent_to_them(
    cluster, folder, tmp_path, undisturbed, analysed, monkeypatch
):
    seen = dask_cluster._Stamp.of

    def changed_later(path):
        stamp = seen(path)
        return dask_cluster._Stamp(stamp.name, stamp.size, stamp.changed_ns + 10**10)

    monkeypatch.setattr(dask_cluster._Stamp, "of", changed_later)
    assert predict(folder, tmp_path / "out", "--dask", cluster.address) == 0
    assert results(tmp_path / "out") == undisturbed
    assert analysed == []
    # Too large to be sent: this machine does it.
    monkeypatch.setattr(dask_cluster, "_MAX_SENT_BYTES", 10)
    assert predict(folder, tmp_path / "here", "--dask", cluster.address) == 0
    assert results(tmp_path / "here") == undisturbed
    assert analysed


def test_a_damaged_file_fails_alone_on_a_cluster(cluster, folder, tmp_path, capsys):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    good = sorted(folder.iterdir())[0]
    (pictures / "good.png").write_bytes(good.read_bytes())
    (pictures / "cut.png").write_bytes(good.read_bytes()[:200])
    assert predict(pictures, tmp_path / "out", "--dask", cluster.address) == 1
    told = capsys.readouterr().err
    assert "cut.png" in told
    assert "good.png: 2 particles" in told
    assert [path.name for path in (tmp_path / "out" / "labels").iterdir()] == [
        "good.txt"
    ]


def test_a_worker_is_killed_and_another_one_comes(
    own_cluster, folder, tmp_path, undisturbed
):
    out = tmp_path / "out"
    flags = ["--dask", own_cluster.address, "--no-figures"]
    with started(folder, out, *flags) as process:
        wait_for(process, "[2/8]")
        own_cluster.workers[0].kill()
        own_cluster.add_worker()
        _said, told = process.communicate(timeout=400)
    assert process.returncode == 0, told
    assert results(out) == undisturbed


def test_the_scheduler_is_lost_and_the_next_run_goes_on(
    own_cluster, folder, tmp_path, undisturbed, analysed
):
    out = tmp_path / "out"
    flags = ["--dask", own_cluster.address, "--no-figures"]
    with started(folder, out, *flags) as process:
        wait_for(process, "[2/8]")
        os.kill(own_cluster.scheduler.pid, signal.SIGKILL)
        _said, told = process.communicate(timeout=400)
    assert process.returncode == 1
    assert "is gone. What is done is kept" in told
    assert "Traceback" not in told
    assert predict(folder, out, "--jobs", "1") == 0
    assert 0 < len(analysed) <= 6
    assert results(out) == undisturbed


def test_no_scheduler_no_dask_and_both_ways_end_in_a_sentence(
    folder, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(dask_cluster, "_CONNECT_S", 0.5)
    for address in ("tcp://127.0.0.1:9", "nonsense://x", ""):
        assert predict(folder, tmp_path / "out", "--dask", address) == 1
        assert "No Dask scheduler answers at" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        predict(folder, tmp_path / "out", "--dask", "x", "--jobs", "2")
    assert "not allowed with" in capsys.readouterr().err
    monkeypatch.delitem(sys.modules, "napari_cdse.pipeline.dask_cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert predict(folder, tmp_path / "out", "--dask", "tcp://x:1") == 1
    assert "pip install 'napari-cdse[dask]'" in capsys.readouterr().err


def test_a_loop_that_a_busy_machine_does_not_start_ends_in_a_sentence(
    folder, tmp_path, capsys, monkeypatch
):
    def late(*_args, **_options):
        raise AssertionError

    monkeypatch.setattr(dask_cluster.distributed, "Client", late)
    assert predict(folder, tmp_path / "out", "--dask", "tcp://127.0.0.1:9") == 1
    told = capsys.readouterr().err
    assert "too busy; try again" in told
    assert "an error in the program" not in told


def test_workers_with_another_program_are_refused():
    run = dask_cluster._Run(None, "tcp://x:1", FileAnalysis(None, DetectionParams()))
    reply = dask_cluster._Reply
    with pytest.raises(CdseError, match=r"tcp://a has napari-cdse 0\.0\.1"):
        run._check_program(reply("tcp://a", "0.0.1", "state"))
    run._check_program(reply("tcp://a", __version__, "state"))
    run._check_program(reply("tcp://b", __version__, "state"))
    with pytest.raises(CdseError, match="tcp://a and tcp://c have not the same"):
        run._check_program(reply("tcp://c", __version__, "other"))
