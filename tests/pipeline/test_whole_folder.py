"""Many micrographs of a project, detected in one process or in several."""

import os
import signal
import sys
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from napari_cdse.core.errors import Cancelled
from napari_cdse.core.params import DetectionParams
from napari_cdse.io.models.model_file import load_model
from napari_cdse.resources import default_model_path
from napari_cdse.tasks.analysis import Problem, Source, analysing

PARAMS = DetectionParams()


@dataclass(frozen=True)
class Deadly:
    """Stands for a source whose reading ends its process."""

    index: int
    path: Path

    def read(self):
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Slow:
    """Stands for a source that takes longer than anybody waits."""

    index: int
    path: Path

    def read(self):
        time.sleep(600)


@pytest.fixture
def sources(picture_folder):
    paths = sorted(picture_folder.glob("*.png"))[:2]
    broken = picture_folder / "zz.png"
    broken.write_text("no picture")
    return [Source(n, path, 0, None) for n, path in enumerate([*paths, broken])]


def told(found):
    if isinstance(found, Problem):
        return found
    analysis = found.analysis
    return (
        found.index,
        analysis.micrograph.pixels.tobytes(),
        repr(replace(analysis.micrograph, pixels=None)),
        analysis.candidates,
        analysis.predictions,
        found.standing and found.standing.predictions,
        [each.values.tobytes() for each in analysis.detection.maps],
        analysis.detection.notices,
    )


def test_several_processes_find_the_same_in_the_same_order(sources):
    model = load_model(default_model_path())
    first = next(analysing([(sources[0], ())], model, PARAMS, lambda share: None))
    circle = first.analysis.candidates[0].circle
    todo = [(source, (("mine", circle),)) for source in sources]
    shares = []
    one = list(map(told, analysing(todo, model, PARAMS, lambda share: None, jobs=1)))
    two = list(map(told, analysing(todo, model, PARAMS, shares.append, jobs=2)))
    assert one == two
    assert "zz.png" in two[-1].sentence
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_micrograph_that_kills_its_process_becomes_a_problem(sources):
    first, _, broken = sources
    todo = [(broken, ()), (Deadly(7, first.path), ())]
    found = list(analysing(todo, None, PARAMS, lambda share: None, jobs=2))
    assert [each.index for each in found] == [broken.index, 7]
    assert "zz.png" in found[0].sentence
    assert first.path.name in found[1].sentence
    assert "its analysis ended with its whole process" in found[1].sentence


def test_whoever_cancels_does_not_wait_for_the_one_at_work(sources):
    asked = []

    def report(share):
        asked.append(share)
        # Once while nothing is done yet, and both processes sleep.
        if len(asked) > 3:
            raise Cancelled("enough")

    todo = [(Slow(n, sources[0].path), ()) for n in range(3)]
    with closing(analysing(todo, None, PARAMS, report, jobs=2)) as work:
        with pytest.raises(Cancelled):
            next(work)
    assert set(asked) == {0.0}
