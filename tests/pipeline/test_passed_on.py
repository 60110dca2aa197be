"""What a caller asks for reaches those who do it: scales, frames, lattices."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest

from napari_cdse.core.detection.registry import METHODS, DetectionMethod
from napari_cdse.core.errors import CdseError, MicrographError
from napari_cdse.core.material import Material
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.pipeline import (
    analysis,
    kept_features,
    label_replay,
    labelled_folders,
    many_files,
    method_runs,
    micrograph_quality,
    training,
)
from napari_cdse.pipeline.many_files import FileAnalysis
from tests.project_tools import detection, small_model, write_picture
from tests.tables import drawn_set

SHAPE = (300, 420)
A = Circle(60.0, 60.0, 20.0)
PBS = Material("PbS", "rock salt", "Pb", "S", in_plane_nm=0.42, layer_nm=0.343)
MODEL = small_model()


@pytest.fixture
def folder(tmp_path):
    write_picture(tmp_path / "images" / "a.png", 0, SHAPE)
    (tmp_path / "text_files").mkdir()
    write_label_file(tmp_path / "text_files" / "a.txt", [A], ["yes"], SHAPE)
    return tmp_path


@pytest.fixture
def asked(monkeypatch):
    """What a function of a module is called with, by its name; it does nothing else."""

    def watch(module, name, answer=None):
        calls: list[tuple[tuple, dict]] = []

        def noted(*given, **named):
            calls.append((given, named))
            return answer(*given, **named) if callable(answer) else answer

        monkeypatch.setattr(module, name, noted)
        return calls

    return watch


def test_training_from_folders_goes_through_them_as_it_is_told(asked):
    quality = MicrographQuality(0.03)
    found = SimpleNamespace(quality=quality)
    item = SimpleNamespace(training=drawn_set(1), notices=("one",), detection=found)
    calls = asked(training, "examples_from_folders", [item, "two"])
    progress = print
    _, notices, qualities, _ = training.training_from_folders(
        ["folder"],
        "params",
        "detection",
        pixel_size_nm=0.03,
        frame="mean",
        leave_out=frozenset("x"),
        jobs=3,
        progress=progress,
        cache="cache",
    )
    assert notices == ("one", "two")
    assert qualities == (quality,)
    assert calls == [
        (
            (["folder"], "params", "detection"),
            {
                "pixel_size_nm": 0.03,
                "frame": "mean",
                "leave_out": frozenset("x"),
                "jobs": 3,
                "progress": progress,
                "cache": "cache",
            },
        )
    ]


def test_a_replay_is_asked_for_as_it_is_told(asked):
    calls = asked(label_replay, "learning_curves", "curves")
    circles = SimpleNamespace(circles=())
    item = SimpleNamespace(
        training=drawn_set(1), truth=circles, false_circles=(), micrograph_id="m"
    )
    base, orders, params = object(), {}, ForestParams()
    label_replay.replay(
        [item], params, seeds=2, step=5, base=base, orders=orders, progress=print
    )
    ((given, named),) = calls
    assert given[2] is params
    assert named == {
        "seeds": 2,
        "step": 5,
        "base": base,
        "orders": orders,
        "progress": print,
    }


@pytest.fixture
def read(asked, monkeypatch):
    """How pictures and label files are read, in whatever module does it."""

    def watch(module):
        pictures = asked(module, "read_micrograph", lambda p, **_: read_micrograph(p))
        labels = asked(module, "read_label_file", read_label_file)
        return pictures, labels

    return watch


TOLD = {"pixel_size_nm": 0.03, "frame": "mean"}


def test_folders_are_read_at_the_scale_and_frame_asked_for(read, folder, asked):
    pictures, labels = read(labelled_folders)
    asked(kept_features, "detect", lambda *_: detection([A], source="person"))
    params = ForestParams(copies=0)
    (item,) = labelled_folders.examples_from_folders([folder], params, **TOLD)
    assert [named for _, named in pictures] == [TOLD]
    assert [named for _, named in labels] == [{"shape": SHAPE}]
    assert item.micrograph_id == read_micrograph(item.path).id


def test_methods_read_pictures_at_the_scale_and_frame_asked_for(
    read, folder, asked, monkeypatch
):
    pictures, labels = read(method_runs)
    monkeypatch.setitem(METHODS, "told", DetectionMethod("told", "", "x:y", ()))
    finds = asked(method_runs, "find", lambda *_: detection([A], source="person"))
    said = asked(method_runs, "predict", lambda *_: [SimpleNamespace(label="yes")])
    method_runs.run_methods([folder], MODEL, DetectionParams(), ["told"], **TOLD)
    assert [named for _, named in pictures] == [TOLD]
    assert [named for _, named in labels] == [{"shape": SHAPE}]
    (((_, model, params), _),) = finds
    assert model is MODEL
    assert params.method == "told"
    (((_, ids, circles, model, size), _),) = said
    assert (ids, circles, model, size) == (["0"], (A,), MODEL, 0.04)


def test_qualities_are_measured_with_the_lattice_asked_for(read, folder, asked):
    pictures, labels = read(micrograph_quality)
    measured = asked(micrograph_quality, "quality_of", "quality")
    found = list(
        micrograph_quality.qualities_of_folders([folder], material=PBS, **TOLD)
    )
    assert found == ["quality"]
    assert [named for _, named in pictures] == [TOLD]
    assert [named for _, named in labels] == [{"shape": SHAPE}]
    (((_, material), _),) = measured
    assert material is PBS


def test_a_scale_that_nobody_told_is_estimated_from_the_lattice_asked_for(
    asked, tmp_path
):
    micrograph = read_micrograph(write_picture(tmp_path / "a.png", 0, SHAPE))
    size = SimpleNamespace(
        pixel_size=SimpleNamespace(source=SimpleNamespace(is_trusted=True), nm=0.05)
    )
    estimated = asked(micrograph_quality, "estimate_from_pixels", size)
    measured = asked(micrograph_quality, "measure_quality", "quality")
    assert micrograph_quality.quality_of(micrograph, PBS) == "quality"
    assert [named for _, named in estimated] == [{"material": PBS}]
    assert measured[0][0][1] == 0.05


def test_many_files_are_read_and_analysed_as_asked_for(asked, tmp_path):
    path = write_picture(tmp_path / "a.png", 0, SHAPE)
    pictures = asked(many_files, "read_micrograph", lambda p, **_: read_micrograph(p))

    def end(*_):
        raise CdseError("Nothing can be looked for.")

    calls = asked(many_files, "analyse", end)
    params = DetectionParams()
    told = FileAnalysis(MODEL, params, 0.03, "mean")(path)
    assert told.findings is None
    assert [named for _, named in pictures] == [TOLD]
    (_, model, used), _ = calls[0]
    assert (model, used) == (MODEL, params)


# One micrograph


@pytest.fixture
def micrograph(tmp_path):
    return read_micrograph(write_picture(tmp_path / "a.png", 0, SHAPE))


def test_half_the_time_of_an_analysis_is_finding(asked, micrograph):
    def find(micrograph, params, progress, model):
        progress(0.0)
        progress(1.0)
        return detection([A], source="person")

    def predict(micrograph, ids, circles, model, size, progress):
        progress(0.5)
        progress(1.0)
        return ()

    asked(analysis, "detect", find)
    asked(analysis, "predict", predict)
    noted = asked(analysis, "out_of_range", "beyond")
    shares: list[float] = []
    found = analysis.analyse(micrograph, MODEL, DetectionParams(), shares.append)
    assert shares == [0, 0.5, 0.75, 1]
    assert found.out_of_range == "beyond"
    assert noted == [((MODEL.card, 0.04, [], None), {})]
    (candidate,) = found.candidates
    assert (candidate.circle, candidate.found_by) == (A, "bragg")
    assert candidate.strength == 1
    assert found.micrograph is micrograph
    # Without a forest all of it is finding, and nothing is beyond anything.
    bare = analysis.analyse(micrograph, None, DetectionParams(), shares.append)
    assert (bare.predictions, bare.out_of_range) == ((), None)


def test_a_forest_is_asked_at_its_own_scale_for_five_views(asked, micrograph):
    table = SimpleNamespace(rows=lambda index: index.tolist())
    seen = asked(analysis, "compute_features", table)
    asked(analysis, "answers", SimpleNamespace(tolist=lambda: [[0.1, 0.2, 0.3, 0.4]]))
    strange = asked(analysis, "novelty", [1.5])
    estimated = asked(
        analysis, "pixel_size_for", (SimpleNamespace(nm=0.06), "sentence")
    )
    (said,) = analysis.predict(micrograph, ["p"], [A], MODEL, material=PBS)
    assert (said.particle_id, said.model_id) == ("p", MODEL.card.id)
    assert (said.probabilities, said.novelty) == ((0.1, 0.2, 0.3, 0.4), 1.5)
    (((picture, circles, groups, scale, progress), _),) = seen
    assert picture is micrograph
    assert (len(circles), circles[0], groups) == (5, A, "bragg")
    assert scale == pytest.approx(0.06 * MODEL.card.learnt_scale)
    assert progress is None
    assert estimated == [((micrograph, PBS), {})]
    # Novelty is that of the circle as it lies.
    assert strange == [((MODEL, [0]), {})]
    analysis.predict(micrograph, ["p"], [A], MODEL, 0.03)
    assert seen[1][0][3] == pytest.approx(0.03 * MODEL.card.learnt_scale)
    assert len(estimated) == 1


def test_features_that_are_kept_are_asked_for_there(asked, micrograph):
    seen = asked(analysis, "compute_features")
    asked(analysis, "answers", SimpleNamespace(tolist=lambda: [[0.1, 0.2, 0.3, 0.4]]))
    asked(analysis, "novelty", [None])
    kept: list[tuple] = []

    def compute(*given):
        kept.append(given)
        return SimpleNamespace(rows=lambda index: index)

    known = SimpleNamespace(compute=compute)
    analysis.predict(micrograph, ["p"], [A], MODEL, 0.03, print, known)
    assert seen == []
    assert kept[0][-1] is print
    assert analysis.predict(micrograph, [], [], MODEL) == ()


@pytest.mark.parametrize(
    ("module", "work"),
    [
        (
            labelled_folders,
            lambda folder: labelled_folders.examples_from_folders(
                [folder], ForestParams(), jobs=3
            ),
        ),
        (
            micrograph_quality,
            lambda folder: micrograph_quality.qualities_of_folders([folder], jobs=3),
        ),
        (
            method_runs,
            lambda folder: (
                method_runs.run_methods(
                    [folder], MODEL, DetectionParams(), ["bragg"], jobs=3
                ).names
            ),
        ),
    ],
)
def test_work_is_shared_among_as_many_processes_as_pay(asked, folder, module, work):
    weighed = asked(module, "processes", 5)
    shared = asked(module, "in_order", [None])
    with contextlib.suppress(MicrographError):
        assert list(work(folder)) == []
    (((jobs, number, cost), _),) = weighed
    assert (jobs, number) == (3, 1)
    assert cost.seconds > 0
    assert cost.bytes_each > 1e8
    (((_, pairs, processes), _),) = shared
    assert processes == 5
    picture, labels = pairs[0]
    assert (picture.name, labels.name) == ("a.png", "a.txt")
