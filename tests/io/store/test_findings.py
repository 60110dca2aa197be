"""Detections, circles and predictions of a project, for rows written by hand."""

import dataclasses

import pytest

from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import Candidate, Circle, Prediction
from napari_cdse.io.store.store import Run, Store
from tests.io.store.stores import CIRCLE, change_file

RUN = Run(
    found_by="bragg",
    parameters={"window_nm": 2.0, "merge": None},
    pixel_size_nm=0.04,
    pixel_size_source=PixelSizeSource.UNSURE,
    window_px=50,
    notices=("one", "two"),
    versions={"numpy": "2"},
    time="2026-01-02",
)
SHARES = (0.7, 0.1, 0.15, 0.05)
OTHER = Circle(1.0, 2.0, 3.0)


def test_detections_come_back_whole_the_latest_of_each_micrograph(store):
    other = dataclasses.replace(RUN, found_by="disks", notices=(), time="2026-01-03")
    assert store.findings.latest_run() == 0
    first = store.findings.add_run(1, RUN, [])
    second = store.findings.add_run(1, other, [])
    third = store.findings.add_run(2, RUN, [])
    assert store.findings.latest_runs() == {1: other, 2: RUN}
    assert list(store.findings.earlier_runs("bragg")) == [
        (1, first, RUN),
        (2, third, RUN),
    ]
    assert list(store.findings.earlier_runs("disks")) == [(1, second, other)]
    assert store.findings.latest_run() == third
    undated = dataclasses.replace(RUN, time="")
    store.findings.add_run(2, undated, [])
    assert store.findings.latest_runs()[2].time > "2026"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("parameters", "'[1]'"),
        ("parameters", "'{'"),
        ("versions", "'5'"),
        ("notices", "'[5]'"),
        ("pixel_size_nm", "0.0"),
        ("pixel_size_nm", "-1.0"),
        ("pixel_size_nm", "9e999"),
        ("pixel_size_source", "'guessed'"),
        ("window_px", "'many'"),
        ("found_by", "x'00'"),
        ("time", "x'00'"),
    ],
)
def test_a_detection_that_cannot_be_read_is_as_none(store, path, column, value):
    store.findings.add_run(1, RUN, [])
    store.findings.add_run(2, RUN, [])
    change_file(path, f"UPDATE runs SET {column} = {value} WHERE id = 1", loose=True)
    store.close()
    again = Store.open(path)
    assert again.findings.latest_runs() == {2: RUN}
    assert "detections cannot be read (micrograph 1)" in again.set_aside[0]
    assert [found[0] for found in again.findings.earlier_runs("bragg")] == [2]
    again.close()


def test_what_a_detection_said_may_be_no_list(store, path):
    store.findings.add_run(1, RUN, [])
    change_file(path, "UPDATE runs SET notices = '{\"a\": 1}'")
    assert store.findings.latest_runs()[1].notices == ()


def test_candidates_after_a_run_and_of_one_run(store):
    first = Candidate.propose("abc", CIRCLE, "bragg", 3.5)
    second = Candidate.propose("abc", OTHER, "bragg", -0.5)
    one = store.findings.add_run(1, RUN, [first, second])
    two = store.findings.add_run(2, RUN, [second])
    three = store.findings.add_run(1, RUN, [second])
    assert store.findings.candidates_of(one, "abc") == (first, second)
    assert store.findings.candidates({1: "abc", 2: "abc"}, after=one) == {
        1: (three, (second,)),
        2: (two, (second,)),
    }
    assert store.findings.candidates({1: "abc"}, after=two) == {1: (three, (second,))}
    assert store.findings.candidates({}, after=three) == {}
    # Of a micrograph that was never read the id is not known.
    (nameless,) = store.findings.candidates({}, after=two)[1][1]
    assert nameless == dataclasses.replace(second, micrograph_id="")


@pytest.mark.parametrize(
    "what",
    [
        "row_px = 'x'",
        "col_px = 9e999",
        "radius_px = 0",
        "radius_px = -1",
        "strength = ''",
    ],
)
def test_a_circle_that_is_none_is_left_aside(store, path, what):
    first = Candidate.propose("abc", CIRCLE, "bragg", 3.5)
    second = Candidate.propose("abc", OTHER, "bragg", 1.0)
    run = store.findings.add_run(1, RUN, [first, second])
    store.close()
    change_file(path, f"UPDATE candidates SET {what} WHERE place = 0", loose=True)
    again = Store.open(path)
    assert again.findings.candidates({1: "abc"}) == {1: (run, (second,))}
    assert again.findings.candidates_of(run, "abc") == (second,)
    (told,) = again.set_aside
    assert f"1 of the circles found cannot be read ({first.id})" in told
    again.close()


def test_predictions_keep_their_novelty_and_the_latest_of_a_circle_holds(store):
    known = Prediction("p", "model", SHARES, 1.5)
    unknown = Prediction("q", "model", SHARES)
    store.findings.add_predictions([(CIRCLE, known), (OTHER, unknown)])
    store.findings.add_predictions([(CIRCLE, dataclasses.replace(known, novelty=0.5))])
    told = {
        said.particle_id: (circle, said.probabilities, said.novelty)
        for circle, said in store.findings.predictions("model")
    }
    assert told == {"p": (CIRCLE, SHARES, 0.5), "q": (OTHER, SHARES, None)}
    (one,) = store.findings.predictions_of("model", ["q", "r"])
    assert one == (OTHER, unknown)
    assert list(store.findings.predictions_of("other", ["p", "q"])) == []


@pytest.mark.parametrize(
    "what", ["p_yes = 'x'", "radius_px = 0.0", "novelty = 'x'", "row_px = 9e999"]
)
def test_a_prediction_that_is_none_is_left_aside(store, path, what):
    said = [Prediction(name, "model", SHARES, 0.5) for name in ("p", "q")]
    store.findings.add_predictions([(CIRCLE, each) for each in said])
    store.close()
    change_file(
        path, f"UPDATE predictions SET {what} WHERE particle_id = 'p'", loose=True
    )
    again = Store.open(path)
    assert list(again.findings.predictions("model")) == [(CIRCLE, said[1])]
    assert "1 of the predictions cannot be read (p)" in again.set_aside[0]
    again.close()
