"""Forests in a project: kept, rejected, gone back from, lost and found."""

import dataclasses

import pytest

from napari_cdse.core.errors import ModelError, StoreError
from napari_cdse.core.records import Circle
from napari_cdse.io.models.model_file import model_bytes, model_from_bytes
from napari_cdse.project import Project
from tests.project_tools import (
    Heard,
    hand_over,
    prediction,
    put_circles,
    reopened,
    small_model,
)

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)
FIRST, SECOND = small_model(1, "first"), small_model(2, "second")


@pytest.fixture
def project(folder):
    project = Project.create_or_open(folder)
    project.models.add(FIRST)
    project.models.keep(FIRST.card.id)
    hand_over(project)
    yield project
    project.close()


def test_a_project_starts_without_a_model(folder):
    project = Project.create_or_open(folder)
    assert project.models.active is None
    assert project.models.active_id is None
    assert project.models.cards == ()
    assert project.detections.unclassified() == ()
    project.close()


def test_a_kept_model_is_there_after_a_restart(project):
    again = reopened(project)
    assert again.models.active_id == FIRST.card.id
    assert again.models.active.card == FIRST.card
    assert again.models.active.training.digest() == FIRST.card.training_digest
    assert again.models.cards == (FIRST.card,)
    again.close()


def test_a_new_model_waits_beside_the_old_one(project):
    first, second = put_circles(project, [A, B], FIRST.card.id)
    heard = Heard(project)
    project.models.add(SECOND, model_bytes(SECOND))
    said = [prediction(first, SECOND.card.id, "null")]
    project.detections.put_predictions(SECOND.card.id, said)
    assert project.models.active_id == FIRST.card.id
    assert project.particles.get(first).label == "yes"
    assert project.models.role(SECOND.card.id) == "candidate"
    assert heard.of("particles_changed") == []
    project.models.keep(SECOND.card.id)
    assert project.particles.get(first).label == "null"
    assert project.detections.unclassified() == (second,)
    assert heard.of("models_changed") == [None, None]
    assert heard.of("particles_changed") == [None]


def test_going_back_shows_what_the_old_model_had_said(project):
    (first,) = put_circles(project, [A], FIRST.card.id)
    project.models.add(SECOND)
    project.detections.put_predictions(
        SECOND.card.id, [prediction(first, SECOND.card.id, "null")]
    )
    project.models.keep(SECOND.card.id)
    assert project.models.roll_back() == FIRST.card
    assert project.particles.get(first).label == "yes"
    again = reopened(project)
    assert again.models.active.card.id == FIRST.card.id
    assert again.models.roll_back() == SECOND.card
    again.close()


def test_there_is_nothing_to_go_back_to_from_the_first(project):
    assert project.models.roll_back() is None
    assert project.models.active_id == FIRST.card.id


def test_a_rejected_model_leaves_its_card_and_nothing_else(project):
    (first,) = put_circles(project, [A], FIRST.card.id)
    project.models.add(SECOND)
    project.detections.put_predictions(
        SECOND.card.id, [prediction(first, SECOND.card.id, "null")]
    )
    project.models.reject(SECOND.card.id)
    assert project.models.role(SECOND.card.id) == "rejected"
    assert project.models.get(SECOND.card.id) is None
    assert project.particles.get(first).label == "yes"
    with pytest.raises(StoreError, match="no longer in the project"):
        project.models.keep(SECOND.card.id)
    assert project.models.active_id == FIRST.card.id


def test_a_model_is_renamed_and_stays_the_same(project):
    project.models.add(SECOND)
    project.models.rename(SECOND.card.id, " mine ")
    assert project.models.cards[-1].name == "mine"
    again = reopened(project)
    assert again.models.get(SECOND.card.id).card.name == "mine"
    assert again.models.get(SECOND.card.id).card.id == SECOND.card.id
    with pytest.raises(StoreError, match="needs a name"):
        again.models.rename(SECOND.card.id, " \u200b")
    again.close()


def test_a_rejected_model_is_offered_no_more(project):
    project.models.add(SECOND)
    assert project.models.usable == (FIRST.card, SECOND.card)
    assert project.models.previous is None
    project.models.keep(SECOND.card.id)
    assert project.models.previous == FIRST.card
    project.models.keep(FIRST.card.id)
    project.models.reject(SECOND.card.id)
    assert project.models.usable == (FIRST.card,)
    with pytest.raises(StoreError, match="given a name"):
        project.models.rename(SECOND.card.id, "mine")


def test_a_model_that_was_rejected_may_be_fitted_again(project):
    project.models.add(SECOND)
    project.models.reject(SECOND.card.id)
    project.models.add(SECOND)
    project.models.keep(SECOND.card.id)
    again = reopened(project)
    assert again.models.active.card.id == SECOND.card.id
    again.close()


def test_the_active_model_cannot_be_rejected(project):
    with pytest.raises(StoreError, match="use another one first"):
        project.models.reject(FIRST.card.id)
    assert project.models.active.card.id == FIRST.card.id


def test_the_label_remembers_which_model_had_spoken(project):
    (first,) = put_circles(project, [A], FIRST.card.id)
    project.edits.label([first], "no")
    project.models.add(SECOND)
    project.models.keep(SECOND.card.id)
    assert project.particles.get(first).prediction is None
    assert project.particles.get(first).annotation.shown.model_id == FIRST.card.id


def test_a_disk_too_full_for_a_model_leaves_the_old_one(project):
    database = project._store._database
    ((pages,),) = database.rows("PRAGMA page_count")
    database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        project.models.add(SECOND, bytes(100_000))
    assert project.models.cards == (FIRST.card,)
    assert project.models.active.card.id == FIRST.card.id


def test_a_damaged_model_is_refused_with_a_sentence(project):
    project._store._database.execute("UPDATE models SET data = x'00'")
    again = reopened(project)
    with pytest.raises(ModelError):
        _ = again.models.active
    again.close()


def test_what_is_out_of_range_is_marked_and_stays_so(project):
    put_circles(project, [A, B], FIRST.card.id)
    assert project.micrographs.entries[0].out_of_range is None
    said = [
        dataclasses.replace(each.prediction, novelty=1.5)
        for each in project.particles.current
    ]
    project.detections.put_predictions(FIRST.card.id, said)
    assert "2 of its 2 circles" in project.micrographs.entries[0].out_of_range
    again = reopened(project)
    assert "2 of its 2 circles" in again.micrographs.entries[0].out_of_range
    again.selection.open(0)
    assert [each.prediction.novelty for each in again.particles.current] == [1.5, 1.5]
    # Another forest, which was not asked yet, knows nothing of it.
    again.models.add(SECOND)
    again.models.keep(SECOND.card.id)
    assert again.micrographs.entries[0].out_of_range is None
    again.micrographs.set_pixel_size(0.4, [0])
    assert "0.4000 nm" in again.micrographs.entries[0].out_of_range
    again.close()


# The model that comes with the program


def test_the_shipped_model_holds_until_another_is_kept(folder):
    asked = []

    def shipped():
        asked.append(1)
        return FIRST

    project = Project.create_or_open(folder, default_model=shipped)
    assert asked == []
    heard = Heard(project)
    assert project.models.active is FIRST
    assert project.models.active_id == FIRST.card.id
    assert heard.of("notice") == []
    project.models.add(SECOND)
    project.models.keep(SECOND.card.id)
    assert project.models.active is SECOND
    assert project.models.roll_back() == FIRST.card
    assert project.models.active is FIRST
    project.close()


def test_another_shipped_model_than_last_time_is_told(folder):
    project = Project.create_or_open(folder, default_model=lambda: FIRST)
    hand_over(project)
    assert project.models.active is FIRST
    (first,) = put_circles(project, [A], FIRST.card.id)
    again = reopened(project, default_model=lambda: SECOND)
    again.selection.open(0)
    assert again.particles.get(first).label == "yes"
    heard = Heard(again)
    assert again.models.active is SECOND
    assert "earlier version" in heard.of("notice")[0]
    assert again.detections.unclassified() == (first,)
    again.close()


def test_the_same_shipped_model_needs_no_room_in_the_project(folder):
    project = Project.create_or_open(folder, default_model=lambda: FIRST)
    assert project.models.active is FIRST
    assert project._store.models.data(FIRST.card.id) is None
    assert project.models.role(FIRST.card.id) == "shipped"
    again = reopened(project, default_model=lambda: FIRST)
    assert again.models.active is FIRST
    assert again.models.cards == (FIRST.card,)
    again.close()


def test_a_card_with_odd_numbers_comes_back(project):
    scores = {"balanced_accuracy": float("nan"), "confusion": ((1, 2), (3, 4))}
    card = dataclasses.replace(SECOND.card, scores=scores, parent=FIRST.card.id)
    project.models.add(dataclasses.replace(SECOND, card=card))
    again = reopened(project)
    stored = again.models.cards[-1]
    assert stored.scores == {"balanced_accuracy": None, "confusion": [[1, 2], [3, 4]]}
    assert stored.parent == FIRST.card.id
    assert stored.feature_names == card.feature_names
    again.close()


def spoof(model):
    """Other trees under a model's whole card, as a file would bring them."""
    other = small_model(9)
    forged = dataclasses.replace(model, forest=other.forest, training=None)
    return model_from_bytes(model_bytes(forged))


def test_other_trees_under_the_shipped_id_do_not_take_its_place(folder):
    project = Project.create_or_open(folder, default_model=lambda: FIRST)
    assert project.models.active is FIRST
    forged = spoof(FIRST)
    project.models.add(forged)
    assert project.models.active is FIRST
    project.models.keep(forged.card.id)
    again = reopened(project, default_model=lambda: FIRST)
    shipped, other = again.models.cards
    assert shipped == FIRST.card
    assert other.id == forged.card.id != FIRST.card.id
    assert other.name == f"first ({other.id})"
    assert again.models.active.card == other
    assert again.models.roll_back() == FIRST.card
    assert again.models.active is FIRST
    again.close()


def test_other_trees_stored_under_an_id_by_an_earlier_version_are_not_used(project):
    forged = spoof(FIRST)
    data = model_bytes(dataclasses.replace(forged, card=FIRST.card))
    project._store._database.execute("UPDATE models SET data = ?", [data])
    again = reopened(project, default_model=lambda: SECOND)
    with pytest.raises(ModelError, match="another forest under the id"):
        _ = again.models.active
    again._store._database.execute("UPDATE models SET role = 'shipped'")
    again = reopened(again, default_model=lambda: FIRST)
    assert again.models.active is FIRST
    again.close()


def test_a_card_that_could_not_be_read_again_is_not_stored(project):
    card = dataclasses.replace(SECOND.card, class_counts={"yes": "3"})
    with pytest.raises(StoreError, match=r"was not stored.*class_counts"):
        project.models.add(dataclasses.replace(SECOND, card=card), b"")
    again = reopened(project)
    assert again.models.cards == (FIRST.card,)
    again.close()


def _told_otherwise(model):
    """The same forest from a file whose card says another name and another range."""
    card = dataclasses.replace(
        model.card, name="better", pixel_size_range_nm=(1e-6, 1000.0)
    )
    data = model_bytes(dataclasses.replace(model, card=card))
    return model_from_bytes(data), data


def test_the_same_forest_under_another_card_does_not_change_the_one_held(project):
    project.models.add(*_told_otherwise(FIRST))
    project.models.keep(FIRST.card.id)
    assert project.models.active.card == FIRST.card
    again = reopened(project)
    assert again.models.active.card == FIRST.card
    again.close()


def test_the_shipped_forest_under_another_card_does_not_take_its_place(folder):
    project = Project.create_or_open(folder, default_model=lambda: FIRST)
    assert project.models.active.card == FIRST.card
    project.models.add(*_told_otherwise(FIRST))
    project.models.keep(FIRST.card.id)
    assert project.models.active.card == FIRST.card
    assert project.models.role(FIRST.card.id) == "shipped"
    project.close()
