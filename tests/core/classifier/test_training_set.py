from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.classifier.augmentation import misplaced, symmetric
from napari_cdse.core.classifier.training_set import balanced, examples, join, stack
from napari_cdse.core.errors import TrainingError
from napari_cdse.core.features import compute_features
from napari_cdse.core.records import Circle, Micrograph
from tests.drawn_particles import PIXEL_NM, micrograph_of
from tests.tables import drawn_set


@pytest.fixture(scope="module")
def scene():
    return micrograph_of(["yes", "no", "null"], 1)


def test_originals_come_first_and_copies_share_their_particle(scene):
    told = examples(*scene, ["yes", "no", "null"], "bragg", PIXEL_NM, copies=2)
    assert len(told) == 9
    assert told.originals.tolist() == [True] * 3 + [False] * 6
    assert told.labels.tolist() == ["yes", "no", "null"] * 3
    assert told.particle_ids[:3].tolist() == told.particle_ids[6:].tolist()
    assert told.class_counts == {"yes": 1, "no": 1, "null": 1, "empty": 0}
    assert set(told.micrograph_ids) == {scene[0].id}


def test_copies_of_a_particle_share_its_weight(scene):
    for copies in (0, 3):
        told = examples(
            *scene, ["yes", "no", "null"], "bragg", PIXEL_NM, copies=copies, weight=3.0
        )
        assert told.weights.sum() == pytest.approx(9.0)


def test_copies_do_not_depend_on_the_company(scene):
    micrograph, circles = scene
    arguments = {"groups": "bragg", "pixel_size_nm": PIXEL_NM, "copies": 2}
    whole = examples(micrograph, circles, ["yes", "no", "null"], **arguments)
    alone = examples(micrograph, circles[1:2], ["no"], **arguments)
    same = whole.particle_ids == alone.particle_ids[0]
    assert np.array_equal(whole.table.values[same], alone.table.values)


def test_origin_copies_are_turned_and_mirrored(scene):
    micrograph, circles = scene
    told = examples(micrograph, circles[:1], ["yes"], "origin", PIXEL_NM, copies=3)
    names = list(told.table.names)
    centre = told.table.values[:, : names.index("binary_pattern_00_00")]
    assert len(np.unique(centre, axis=0)) == 4


@pytest.mark.parametrize("number", range(16))
def test_symmetry_moves_circles_with_the_pixels(number):
    """Quarter turns by the number, mirrored at every other four of them."""
    rng = np.random.default_rng(0)
    pixels = rng.random((30, 50)).astype(np.float32)
    pixels[7, 41] = 2
    turned, (circle,) = symmetric(
        Micrograph(pixels, "m", "0"), [Circle(7, 41, 5)], number
    )
    wanted = np.rot90(pixels, number % 4)
    mirrored = number % 8 > 3
    assert np.array_equal(turned.pixels, np.fliplr(wanted) if mirrored else wanted)
    row, col = np.unravel_index(turned.pixels.argmax(), turned.shape)
    assert (row, col, 5) == (circle.row_px, circle.col_px, circle.radius_px)


def test_the_eight_symmetries_differ():
    pixels = np.arange(6, dtype=np.float32).reshape(2, 3)
    views = [symmetric(Micrograph(pixels, "m", "0"), [], n)[0].pixels for n in range(8)]
    assert len({(view.shape, view.tobytes()) for view in views}) == 8


def test_numbers_of_circles_and_labels_must_agree(scene):
    micrograph, circles = scene
    with pytest.raises(TrainingError, match="3 circles, 1 labels"):
        examples(micrograph, circles, ["yes"], "bragg", PIXEL_NM)


def test_unknown_labels_are_refused(scene):
    micrograph, circles = scene
    with pytest.raises(TrainingError, match="maybe"):
        examples(micrograph, circles[:1], ["maybe"], "bragg", PIXEL_NM)


def test_the_last_word_on_a_particle_stays():
    old = drawn_set(2, seed=1)
    changed = old.rows(old.particle_ids == old.particle_ids[0])
    corrected = replace(changed, labels=np.full(len(changed), "null"))
    joined = join(old, corrected)
    assert len(joined) == len(old)
    # In the order in which they were given: rows of the first set come first.
    assert joined.particle_ids[-len(changed) :].tolist() == [old.particle_ids[0]] * len(
        changed
    )
    assert set(joined.labels[joined.particle_ids == old.particle_ids[0]]) == {"null"}


def test_stack_keeps_further_copies():
    old = drawn_set(2, seed=1)
    stacked = stack(old, old)
    assert len(stacked) == 2 * len(old)
    assert stacked.originals.sum() == old.originals.sum()
    assert stack(old).digest() == old.digest()


def test_a_factor_multiplies_every_weight():
    told = drawn_set(2, copies=1)
    halved = replace(told, weights=np.arange(len(told)) / 2).weighted(3.0)
    assert halved.weights.tolist() == [1.5 * at for at in range(len(told))]


def test_join_refuses_other_features(scene):
    micrograph, circles = scene
    parts = [
        examples(micrograph, circles[:1], ["no"], groups, PIXEL_NM)
        for groups in ("bragg", "origin")
    ]
    with pytest.raises(TrainingError, match=r"bragg/\d+ and origin/\d+"):
        join(*parts)
    with pytest.raises(TrainingError, match="nothing"):
        join()


def test_balanced_classes_count_the_same():
    told = drawn_set(4)
    few = told.rows((told.labels != "yes") | (np.arange(len(told)) < 2))
    weights = balanced(few).weights
    sums = [weights[few.labels == name].sum() for name in ("yes", "no", "null")]
    assert sums == pytest.approx([sums[0]] * 3)
    assert weights.sum() == pytest.approx(len(few))


def test_digest_knows_every_part():
    told = drawn_set(2)
    table = told.table
    digests = {
        told.digest(),
        told.weighted(2).digest(),
        told.rows(np.arange(len(told))[::-1]).digest(),
        replace(told, labels=np.roll(told.labels, 1)).digest(),
        replace(told, pixel_sizes_nm=told.pixel_sizes_nm + 1).digest(),
        replace(told, micrograph_ids=np.roll(told.micrograph_ids, 1)).digest(),
        replace(told, particle_ids=np.roll(told.particle_ids, 1)).digest(),
        replace(told, table=replace(table, names=table.names[::-1])).digest(),
        replace(told, table=replace(table, schema="bragg/0")).digest(),
        replace(told, table=replace(table, values=table.values + 1)).digest(),
    }
    assert len(digests) == 10
    assert told.digest() == drawn_set(2).digest()


def test_rows_are_those_of_the_circles_and_their_copies(scene):
    """Each row is what is computed of its circle, and tells where it comes from."""
    micrograph, circles = scene
    told = examples(
        micrograph, circles, ["yes", "no", "null"], "bragg", PIXEL_NM,
        particle_ids=["a", "b", "c"], copies=2, weight=6.0, seed=3,
    )  # fmt: skip
    views = circles + [
        misplaced(circle, name, number, 3)
        for number in (1, 2)
        for circle, name in zip(circles, "abc", strict=True)
    ]
    wanted = compute_features(micrograph, views, "bragg", PIXEL_NM)
    assert np.array_equal(told.table.values, wanted.values)
    assert told.particle_ids.tolist() == ["a", "b", "c"] * 3
    assert told.weights.tolist() == [2.0] * 9
    assert told.pixel_sizes_nm.tolist() == [PIXEL_NM] * 9


def test_an_origin_copy_is_of_the_turned_micrograph(scene):
    micrograph, circles = scene
    told = examples(
        micrograph,
        circles,
        ["yes", "no", "null"],
        "origin",
        PIXEL_NM,
        particle_ids=["a", "b", "c"],
        copies=1,
    )
    moved = [misplaced(c, n, 1, 0) for c, n in zip(circles, "abc", strict=True)]
    wanted = compute_features(*symmetric(micrograph, moved, 1), "origin", PIXEL_NM)
    assert np.array_equal(told.table.values[3:], wanted.values)
    assert told.labels.tolist() == ["yes", "no", "null"] * 2


def test_a_class_without_weight_stays_without():
    told = drawn_set(2)
    bare = replace(told, weights=np.where(told.labels == "yes", 0.0, told.weights))
    assert balanced(bare).weights[told.labels == "yes"].tolist() == [0.0] * 12
    assert np.isfinite(balanced(bare).weights).all()


def test_columns_of_another_length_are_refused():
    told = drawn_set(2)
    for name in ("labels", "micrograph_ids", "particle_ids", "weights"):
        with pytest.raises(TrainingError, match="different lengths"):
            replace(told, **{name: getattr(told, name)[1:]})


def test_classes_that_do_not_occur_take_no_weight_from_the_others():
    told = drawn_set(2, classes=("yes", "null"))
    few = told.rows((told.labels != "yes") | (np.arange(len(told)) < 2))
    assert balanced(few).weights.sum() == pytest.approx(len(few))
    assert balanced(few).weights[:2].sum() == pytest.approx(len(few) / 2)


def test_without_being_told_there_are_no_copies_and_each_particle_counts_one(scene):
    told = examples(*scene, ["yes", "no", "null"], "bragg", PIXEL_NM)
    assert told.originals.all()
    assert told.weights.tolist() == [1.0] * 3
    plain, seeded = (
        examples(*scene, ["yes", "no", "null"], "bragg", PIXEL_NM, copies=1, **seed)
        for seed in ({}, {"seed": 0})
    )
    assert plain.digest() == seeded.digest()


def test_without_circles_there_are_no_rows_of_the_same_kinds(scene):
    none = examples(scene[0], [], [], "bragg", PIXEL_NM, copies=1)
    some = examples(*scene, ["yes", "no", "null"], "bragg", PIXEL_NM)
    assert (len(none), none.originals.shape) == (0, (0,))
    for name in ("labels", "micrograph_ids", "particle_ids", "weights"):
        kinds = [getattr(each, name).dtype.kind for each in (none, some)]
        assert kinds[0] == kinds[1]
    assert stack(none, some).digest() == some.digest()


def test_codes_number_the_classes_in_their_order():
    labels = drawn_set(1, 1, copies=0, classes=("null", "yes", "empty", "no"))
    assert labels.labels.tolist() == ["null", "yes", "empty", "no"]
    assert labels.codes.tolist() == [2, 0, 3, 1]
