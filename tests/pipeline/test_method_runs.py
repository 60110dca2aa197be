"""Several methods on the same micrographs: who is asked, what counts, what is left."""

from __future__ import annotations

import json

import pytest

from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.core.errors import MicrographError, ParameterError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle, Prediction
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.pipeline import method_runs
from napari_cdse.pipeline.method_runs import run_methods, truth_of, usable_methods
from tests.project_tools import write_picture

SHAPE = (300, 420)
A, B, C = Circle(60.0, 60.0, 20.0), Circle(60.0, 200.0, 20.0), Circle(60.0, 340.0, 20.0)
D = Circle(220.0, 60.0, 20.0)


def first(prepared, where, params, progress):
    return [A, B], [9.0, 8.0], ()


def second(prepared, where, params, progress):
    return [A, B, C, D], [9.0, 8.0, 7.0, 6.0], ()


@pytest.fixture
def methods(monkeypatch):
    """Two methods that find what they are told, and one that lacks its package."""
    for name, made in (("first", first), ("second", second)):
        location = f"{__name__}:{made.__name__}"
        monkeypatch.setitem(
            METHODS, name, DetectionMethod(name, "circles", location, ())
        )
    lacking = DetectionMethod(
        "lacking", "nothing", f"{__name__}:first", (), needs_package="no_such_package"
    )
    monkeypatch.setitem(METHODS, "lacking", lacking)


@pytest.fixture
def classes(monkeypatch):
    """The class of each circle: the last one found is empty, the others yes."""
    calls = []

    def predict(micrograph, ids, circles, model, pixel_size_nm):
        calls.append((micrograph.id, ids, pixel_size_nm))
        last = len(ids) - 1
        return [
            Prediction(each, "m", (0, 0, 0, 1) if at == last else (1, 0, 0, 0))
            for at, each in enumerate(ids)
        ]

    monkeypatch.setattr(method_runs, "predict", predict)
    return calls


@pytest.fixture
def folder(tmp_path):
    """Two micrographs with two particles each, a copy of one, and one unlabelled."""
    for number, name in enumerate(("b", "a")):
        write_picture(tmp_path / "images" / f"{name}.png", number, SHAPE)
        labels = tmp_path / "text_files" / f"{name}.txt"
        labels.parent.mkdir(exist_ok=True)
        write_label_file(labels, [A, C, D], ["yes", "no", "empty"], SHAPE)
    for kind, suffix in (("images", "png"), ("text_files", "txt")):
        copied = (tmp_path / kind / f"a.{suffix}").read_bytes()
        (tmp_path / kind / f"c.{suffix}").write_bytes(copied)
    write_picture(tmp_path / "images" / "none.png", 7, SHAPE)
    return tmp_path


def run(folder, names=("first", "second"), **options):
    return run_methods(
        [folder], None, DetectionParams(), names, pixel_size_nm=0.04, **options
    )


def test_each_method_is_counted_on_each_micrograph_once(methods, classes, folder):
    told: list[str] = []
    found = run(folder, told=told.append)
    assert found.names == ("a.png", "b.png")
    assert found.problems == ()
    one, two = found.runs
    assert (one.name, two.name) == ("first", "second")
    for made, n_false in ((one, 0.0), (two, 1.0)):
        assert [len(made.tallies), len(made.seconds), len(made.peak_bytes)] == [2] * 3
        assert min(made.seconds) >= 0
        for tally in made.tallies:
            # Of A, B (and C) that are not called empty, A and C are labelled.
            assert tally.asked == 2
            assert tally.found[0.5] == (1 if made is one else 2)
            assert tally.false[0.5] == n_false
            assert tally.right == 1
    # The copy was looked at too, and is the same micrograph.
    assert [line.split(" in ")[0] for line in told] == [
        f"{method}: {name}.png" for method in ("first", "second") for name in "abc"
    ]
    assert {size for *_, size in classes} == {0.04}
    assert [len(ids) for _, ids, _ in classes] == [2, 2, 2, 4, 4, 4]


def test_what_one_method_cannot_use_is_left_out_for_all(methods, classes, folder):
    (folder / "images" / "b.png").write_text("no picture")
    found = run(folder)
    assert found.names == ("a.png",)
    assert [len(each.tallies) for each in found.runs] == [1, 1]
    assert len(found.problems) == 2
    assert found.problems[0].startswith("By the method 'first': b.png")
    assert found.problems[1].startswith("By the method 'second': b.png")


def test_without_a_micrograph_for_all_that_is_said(methods, classes, tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(MicrographError, match="No labelled micrograph could be used"):
        run(tmp_path)
    write_picture(tmp_path / "images" / "a.png", 0, SHAPE)
    (tmp_path / "images" / "a.txt").write_text("no labels")
    with pytest.raises(MicrographError, match=r"same names into text_files/\. .*a\."):
        run(tmp_path)


def test_a_method_that_lacks_its_package_is_told(methods, folder):
    usable, missing = usable_methods()
    assert {"first", "second", "bragg"} <= set(usable)
    assert "lacking" not in usable
    assert any("no_such_package" in each for each in missing)
    with pytest.raises(ParameterError, match="no_such_package"):
        run(folder, ("first", "lacking"))


def dot(circle, **values):
    return {
        "x": circle.col_px,
        "y": circle.row_px,
        "radius_px": circle.radius_px,
        "listed": True,
        "visible": True,
        "visible_fraction": 1.0,
        "overlap_fraction": 0.0,
        "borderline": False,
        "defect": "perfect",
    } | values


def truth(folder, *dots):
    (folder / "truth").mkdir(exist_ok=True)
    (folder / "truth" / "a.json").write_text(json.dumps({"dots": dots}))
    labelled = read_label_file(folder / "text_files" / "a.txt", shape=SHAPE)
    return truth_of(folder / "images" / "a.png", labelled)


def test_a_label_file_alone_asks_for_all_its_particles(folder):
    labelled = read_label_file(folder / "text_files" / "a.txt", shape=SHAPE)
    told = truth_of(folder / "images" / "a.png", labelled)
    assert told.circles == (A, C)
    assert told.labels == ("yes", "no")
    assert (told.asked, told.clear) == ((True, True), (True, True))
    assert (told.defects, told.unlisted) == (("", ""), ())


def test_a_simulators_truth_says_what_can_be_asked(folder):
    told = truth(
        folder,
        dot(B, listed=False),
        dot(C, visible_fraction=0.8, borderline=True, defect="twin"),
        dot(A, defect="fault"),
    )
    assert told.circles == (A, C)
    assert (told.asked, told.clear) == ((True, False), (True, False))
    assert (told.defects, told.unlisted) == (("fault", "twin"), (B,))


@pytest.mark.parametrize(("shift_px", "same"), [(10.5, True), (10.7, False)])
def test_a_particle_is_the_simulators_from_half_their_union_on(folder, shift_px, same):
    """Circles of one radius of 20 px share half their union at 10.58 px."""
    told = truth(folder, dot(A.moved(shift_px, 0), borderline=True, defect="twin"))
    assert told.clear == (not same, True)
    assert told.defects == ("twin" if same else "", "")
