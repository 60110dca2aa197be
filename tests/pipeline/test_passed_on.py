"""What a caller asks for reaches the files: scale, frame, lattice, forest, processes.

The first frame of a file shows one dot, the second another one elsewhere; the file
tells no pixel size. Everything between it and the result is what users run.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import psutil
import pytest
import tifffile

from napari_cdse.core.classifier.augmentation import views
from napari_cdse.core.classifier.forest import predict_proba
from napari_cdse.core.classifier.training_set import stack
from napari_cdse.core.errors import MicrographError, TrainingError
from napari_cdse.core.evaluation.learning_curve import by_chance
from napari_cdse.core.features import compute_features
from napari_cdse.core.features.cache import KnownFeatures
from napari_cdse.core.imaging.pixel_size_estimate import estimate_pixel_size
from napari_cdse.core.matching import circle_iou
from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams, ForestParams
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import LabelFile, write_label_file
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline.analysis import analyse, predict
from napari_cdse.pipeline.kept_features import FeatureCache
from napari_cdse.pipeline.label_replay import replay
from napari_cdse.pipeline.labelled_folders import FolderExamples, examples_from_folders
from napari_cdse.pipeline.many_files import FileAnalysis
from napari_cdse.pipeline.method_runs import run_methods
from napari_cdse.pipeline.micrograph_quality import qualities_of_folders, quality_of
from napari_cdse.pipeline.training import training_from_folders
from napari_cdse.resources import default_model_path
from tests.core.drawn import Dot, draw
from tests.project_tools import detection, small_model
from tests.tables import drawn_set

SHAPE = (300, 420)
SIZE_NM = 0.03
"""Edge of a pixel, which the caller tells."""
FIRST, SECOND = Circle(100.0, 110.0, 60.0), Circle(190.0, 310.0, 60.0)
"""The dot of either frame."""
BRAGG = DetectionParams(method="bragg")
FOREST = ForestParams(copies=0)
TOLD = PixelSize(SIZE_NM, PixelSizeSource.PERSON)
PBS = Material("PbS", "rock salt", "Pb", "S", in_plane_nm=0.4197, layer_nm=0.3427)


def write_frames(folder, name="a", seed=0):
    """Write a picture of two frames, and a label file of the second one's dot."""
    frames = [
        draw(SHAPE, (Dot(circle),), pixel_nm=SIZE_NM, seed=seed + number).pixels
        for number, circle in enumerate((FIRST, SECOND))
    ]
    path = folder / "images" / f"{name}.tif"
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, np.stack(frames), photometric="minisblack")
    (folder / "text_files").mkdir(exist_ok=True)
    label_file = folder / "text_files" / f"{name}.txt"
    write_label_file(label_file, [SECOND], ["yes"], SHAPE)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("frames")
    write_frames(made)
    return made


@pytest.fixture(scope="module")
def path(folder):
    return folder / "images" / "a.tif"


@pytest.fixture(scope="module")
def micrograph(path):
    return read_micrograph(path, pixel_size_nm=SIZE_NM, frame=1)


@pytest.fixture(scope="module")
def forest():
    return load_model(default_model_path())


def dots_in(circles) -> list[Circle]:
    """Tell which of the two dots a method found."""
    overlap = circle_iou((FIRST, SECOND), circles).max(axis=1, initial=0)
    return [
        dot for dot, most in zip((FIRST, SECOND), overlap, strict=True) if most > 0.6
    ]


@pytest.mark.parametrize(
    ("frame", "dots"), [(0, [FIRST]), (1, [SECOND]), ("mean", [FIRST, SECOND])]
)
def test_folders_are_studied_at_the_scale_and_frame_asked_for(
    folder, path, frame, dots
):
    (item,) = examples_from_folders(
        [folder], FOREST, BRAGG, pixel_size_nm=SIZE_NM, frame=frame
    )
    assert item.micrograph_id == read_micrograph(path, frame=frame).id
    assert item.detection.pixel_size == TOLD
    assert dots_in(item.detection.circles) == dots
    assert set(item.training.pixel_sizes_nm.tolist()) == {SIZE_NM}


def test_training_goes_through_folders_as_it_is_told(folder, micrograph, tmp_path):
    cache = FeatureCache(tmp_path / "cache.db")
    shares: list[float] = []
    taught = training_from_folders(
        [folder],
        FOREST,
        BRAGG,
        pixel_size_nm=SIZE_NM,
        frame=1,
        progress=shares.append,
        cache=cache,
    )
    (item,) = examples_from_folders(
        [folder], FOREST, BRAGG, pixel_size_nm=SIZE_NM, frame=1
    )
    assert taught.training.digest() == stack(item.training).digest()
    assert set(taught.training.micrograph_ids.tolist()) == {micrograph.id}
    assert [each.pixel_size_nm for each in taught.qualities] == [SIZE_NM]
    assert shares == [1.0]
    assert cache.path.is_file()
    with pytest.raises(TrainingError):
        training_from_folders(
            [folder],
            FOREST,
            BRAGG,
            pixel_size_nm=SIZE_NM,
            frame=1,
            leave_out=frozenset({micrograph.id}),
        )


@pytest.mark.parametrize(("frame", "found"), [(0, 0), (1, 1)])
def test_methods_are_run_on_the_frame_asked_for(folder, forest, frame, found):
    """The label is that of the second frame, which the first one has no dot for."""
    runs = run_methods(
        [folder], forest, BRAGG, ["bragg"], pixel_size_nm=SIZE_NM, frame=frame
    )
    (tally,) = runs.runs[0].tallies
    assert (tally.asked, tally.found[0.5]) == (1, found)


def test_methods_are_run_at_the_scale_asked_for(folder, forest):
    with pytest.raises(MicrographError, match=r"At 0\.9 nm per pixel no spacing"):
        run_methods([folder], forest, BRAGG, ["bragg"], pixel_size_nm=0.9)


def test_qualities_are_measured_at_the_scale_and_frame_asked_for(folder, micrograph):
    (found,) = qualities_of_folders([folder], pixel_size_nm=SIZE_NM, frame=1)
    assert found == quality_of(micrograph)
    assert found.pixel_size_nm == SIZE_NM
    (other,) = qualities_of_folders([folder], pixel_size_nm=SIZE_NM, frame=0)
    assert other != found


def test_many_files_are_read_and_analysed_as_asked_for(path, forest):
    told = FileAnalysis(forest, BRAGG, SIZE_NM, "mean")(path).findings
    assert told.micrograph_id == read_micrograph(path, frame="mean").id
    assert told.pixel_size == TOLD
    assert dots_in([each.circle for each in told.candidates]) == [FIRST, SECOND]
    assert {each.found_by for each in told.candidates} == {"bragg"}
    assert {each.model_id for each in told.predictions} == {forest.card.id}


# A lattice of the user's own


@pytest.fixture(scope="module")
def of_pbs():
    """A micrograph of PbS whose scale nobody told."""
    places = [(90, 90), (90, 260), (90, 430), (260, 90), (260, 260), (260, 430)]
    dots = tuple(
        Dot(
            Circle(row, col, 55),
            ((0.2968, 31 * n), (0.2968, 31 * n + 90), (0.2098, 31 * n + 45)),
            amplitude=2.0,
        )
        for n, (row, col) in enumerate(places)
    )
    return draw((350, 520), dots, pixel_nm=0.04, seed=3, known_scale=False)


def test_a_scale_that_nobody_told_is_that_of_the_lattice_asked_for(of_pbs, tmp_path):
    quality = quality_of(of_pbs, PBS)
    assert quality.pixel_size_nm == pytest.approx(0.04, rel=0.02)
    cdse = quality_of(of_pbs)
    assert cdse is None or abs(cdse.pixel_size_nm / 0.04 - 1) > 0.1
    (tmp_path / "images").mkdir()
    (tmp_path / "text_files").mkdir()
    tifffile.imwrite(tmp_path / "images" / "a.tif", of_pbs.pixels)
    label_file = tmp_path / "text_files" / "a.txt"
    write_label_file(label_file, [Circle(90, 90, 55)], ["yes"], of_pbs.shape)
    assert list(qualities_of_folders([tmp_path], material=PBS)) == [quality]


def test_a_forest_is_asked_at_the_scale_of_the_lattice_asked_for(of_pbs, forest):
    circles = [Circle(90.0, 90.0, 55.0)]
    size_nm = estimate_pixel_size(of_pbs, PBS).pixel_size.nm
    by_lattice = predict(of_pbs, ["p"], circles, forest, material=PBS)
    assert by_lattice == predict(of_pbs, ["p"], circles, forest, size_nm)
    assert by_lattice != predict(of_pbs, ["p"], circles, forest)


# One micrograph and one forest


def test_half_the_time_of_an_analysis_is_finding(micrograph, forest):
    shares: list[float] = []
    found = analyse(micrograph, forest, BRAGG, shares.append)
    assert found.micrograph is micrograph
    assert [each.circle for each in found.candidates] == list(found.detection.circles)
    assert shares == sorted(shares)
    # Finding reports more often than at its end, and so does classifying.
    assert sum(share < 0.5 for share in shares) > 1
    assert 0.5 in shares
    assert sum(0.5 < share < 1 for share in shares) > 1
    # Without a forest finding is half of it all the same, and nothing else follows.
    shares.clear()
    bare = analyse(micrograph, None, BRAGG, shares.append)
    assert (max(shares), bare.predictions, bare.out_of_range) == (0.5, (), None)


def test_an_analysis_says_where_a_forest_is_out_of_its_range(micrograph):
    """The small forest learnt from pixels of 0.04 nm alone."""
    beyond = analyse(micrograph, small_model(), BRAGG).out_of_range
    assert "0.0300 nm are outside the range" in beyond


def test_a_forests_answers_are_averaged_over_five_views(micrograph):
    model = small_model()
    (told,) = predict(micrograph, ["p"], [SECOND], model, 0.04)
    seen = compute_features(micrograph, views([SECOND]), "bragg", 0.04)
    assert len(seen) == 5
    expected = predict_proba(model, seen).mean(axis=0)
    assert told.probabilities == pytest.approx(tuple(expected))
    assert (told.particle_id, told.model_id) == ("p", model.card.id)


def test_a_forest_that_learnt_at_other_scales_is_asked_at_these(micrograph, forest):
    """Estimated pixel sizes were too large by a known factor before a known day."""
    told = "pixel sizes were estimated from the lattice"
    late, early = (
        replace(forest, card=replace(forest.card, created=day, trained_on=told))
        for day in ("2027-01-01", "2026-01-01")
    )
    factor = early.card.learnt_scale
    assert factor > late.card.learnt_scale == 1
    asked = predict(micrograph, ["p"], [SECOND], early, SIZE_NM)
    assert asked == predict(micrograph, ["p"], [SECOND], late, SIZE_NM * factor)
    assert asked != predict(micrograph, ["p"], [SECOND], late, SIZE_NM)


def test_features_that_are_kept_are_not_computed_again(micrograph):
    model, known = small_model(), KnownFeatures(10**6)
    first = predict(micrograph, ["p"], [SECOND], model, 0.04, known=known)
    computed = known.n_computed
    assert computed > 0
    again = predict(micrograph, ["p"], [SECOND], model, 0.04, known=known)
    assert known.n_computed == computed
    assert again == first == predict(micrograph, ["p"], [SECOND], model, 0.04)
    assert predict(micrograph, [], [], model) == ()


# Processes


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A folder of two pictures."""
    made = tmp_path_factory.mktemp("two")
    for number, name in enumerate("ab"):
        write_frames(made, name, 10 * number)
    return made


def study(folder, jobs, each):
    found = examples_from_folders(
        [folder], FOREST, BRAGG, pixel_size_nm=SIZE_NM, jobs=jobs
    )
    for item in found:
        each(item)


def measure(folder, jobs, each):
    for item in qualities_of_folders([folder], pixel_size_nm=SIZE_NM, jobs=jobs):
        each(item)


def run(folder, jobs, each):
    model = small_model()
    run_methods(
        [folder], model, BRAGG, ["bragg"], pixel_size_nm=SIZE_NM, jobs=jobs, told=each
    )


def workers() -> set[int]:
    """Ids of the processes that work for this one."""
    found = set()
    for each in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            command = " ".join(each.cmdline())
            if "loky" in command and "resource_tracker" not in command:
                found.add(each.pid)
    return found


@pytest.mark.parametrize("work", [study, measure, run])
@pytest.mark.parametrize(("jobs", "n_workers"), [(1, 0), (2, 2)])
def test_work_is_shared_among_as_many_processes_as_are_asked_for(
    two, work, jobs, n_workers
):
    before = workers()
    at_work: list[set[int]] = []
    work(two, jobs, lambda _: at_work.append(workers() - before))
    assert len(at_work) == 2
    # When the last result is there, its worker may have ended.
    assert len(at_work[0]) == n_workers


# Labelling replayed


@pytest.fixture(scope="module")
def labelled():
    """Twelve micrographs of labelled particles, as folders give them."""
    items = []
    for seed in range(12):
        rows = drawn_set(1, 2, copies=0, seed=seed)
        (name,) = set(rows.micrograph_ids.tolist())
        ids = np.array([f"{name}/{number}" for number in range(len(rows))])
        places = [Circle(float(number), 0.0, 20.0) for number in range(len(rows))]
        truth = LabelFile(tuple(places), tuple(rows.labels.tolist()), SHAPE)
        items.append(
            FolderExamples(
                path=None,
                micrograph_id=name,
                truth=truth,
                detection=detection([]),
                false_circles=(),
                found=rows.table,
                training=replace(rows, particle_ids=ids),
            )
        )
    return items


def test_a_replay_is_done_as_it_is_told(labelled):
    params, shares = ForestParams(trees=5), []
    orders = {"any": by_chance}
    curves = replay(
        labelled, params, seeds=2, step=5, orders=orders, progress=shares.append
    )
    assert (set(curves.scores), curves.repeats) == ({"any"}, 2)
    assert curves.labels[:2] == (5, 10)
    assert max(shares) == 1
    # Other forests, and one that knew the classes before the first label.
    stumps = replay(labelled, ForestParams(trees=1), seeds=2, step=5, orders=orders)
    assert not np.array_equal(stumps.scores["any"], curves.scores["any"])
    base = drawn_set(8, 6, seed=100)
    taught = replay(labelled, params, seeds=2, step=5, orders=orders, base=base)
    assert taught.mean("any")[0] > curves.mean("any")[0] + 0.1
