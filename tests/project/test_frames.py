"""Which frame of a stack or movie a project reads: chosen, kept, taken back."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_cdse.core.records import Candidate
from napari_cdse.io.images.frame import choice_of, frame_words, frames_of
from napari_cdse.io.images.micrograph_file import micrograph_id, read_micrograph
from napari_cdse.project import Project
from tests.io.store.stores import change_file
from tests.project_tools import (
    MODEL,
    SHAPE,
    A,
    B,
    C,
    detection,
    prediction,
    put_circles,
    use_model,
    write_picture,
)


def write_movie(path, n_frames=4, seed=5):
    """Write frames of noise, each brighter than the one before."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 50, (n_frames, *SHAPE), dtype=np.uint16)
    frames += 100 * np.arange(n_frames, dtype=np.uint16)[:, None, None]
    tifffile.imwrite(path, frames, photometric="minisblack")
    return path


def read(project, index=0):
    """Read a micrograph as the window does."""
    entry = project.micrographs.entries[index]
    found = read_micrograph(entry.path, frame=entry.frame)
    project.micrographs.set_pixels(index, found)
    return found


@pytest.fixture
def project(tmp_path):
    write_movie(tmp_path / "a.tif")
    write_picture(tmp_path / "b.png", 1)
    project = Project.create_or_open(tmp_path)
    project.selection.open(0)
    read(project)
    yield project
    project.close()


def test_a_choice_is_kept_and_reads_other_pixels(project):
    first = project.micrographs.entries[0].id
    project.micrographs.set_frames({0: "mean"})
    assert project.selection.micrograph is None
    found = read(project)
    assert found.pixels.mean() == pytest.approx(150 + 24.5, abs=2)
    again = Project.create_or_open(project.path)
    entry = again.micrographs.entries[0]
    again.close()
    assert (entry.frame, entry.id) == ("mean", found.id)
    assert entry.id != first
    assert entry.problem is None


def test_content_ids_tell_frames_apart(project):
    ids = set()
    for choice in (0, 3, "1:3", "mean"):
        project.micrographs.set_frames({0: choice})
        ids.add(read(project).id)
        path = project.micrographs.entries[0].path
        assert project.micrographs.entries[0].id == micrograph_id(path, choice)
    assert len(ids) == 4


def test_undo_reads_the_frame_before(project):
    before = project.micrographs.entries[0].id
    project.micrographs.set_frames({0: "1:3"})
    read(project)
    assert project.history.undo_summary == "Mean of frames 1 to 2 in 1 micrograph"
    project.history.undo()
    assert project.micrographs.entries[0].frame == 0
    assert read(project).id == before == project.micrographs.entries[0].id
    project.history.redo()
    assert project.micrographs.entries[0].frame == "1:3"


def test_what_was_found_goes_and_what_was_said_stays(project):
    found, _ = put_circles(project, [A, B])
    project.edits.label([found], "yes")
    assert project.micrographs.entries[0].analysed
    project.micrographs.set_frames({0: 2})
    read(project)
    entry = project.micrographs.entries[0]
    assert (entry.analysed, entry.found, entry.reviewed) == (False, 1, 1)
    (labelled,) = project.micrographs.labelled()
    assert labelled.frame == 2
    again = Project.create_or_open(project.path)
    assert not again.micrographs.entries[0].analysed
    assert [each.circle for each in again.particles.of(0)] == [A]
    again.close()


def test_maps_of_the_frame_before_are_not_shown_over_another(project):
    put_circles(project, [A, B])
    assert project.detections.current is not None
    project.micrographs.set_frames({0: 2})
    read(project)
    assert project.detections.current is None


def test_what_a_method_found_in_another_frame_does_not_come_back(project):
    def choose(method):
        project.settings.detection = replace(project.settings.detection, method=method)

    def search(method, circles):
        choose(method)
        name = project.micrographs.entries[0].id
        found = [Candidate.propose(name, each, method, 1.0) for each in circles]
        project.detections.put(name, detection(circles, method), found)

    search("bragg", [A])
    search("nfindr", [])
    project.micrographs.set_frames({0: 2})
    read(project)
    search("unet", [B])
    for method in ("bragg", "nfindr"):
        choose(method)
        assert project.detections.bring_back() == 0
        assert [each.circle for each in project.particles.current] == [B]
    search("bragg", [B])
    search("unet", [A])
    choose("bragg")
    assert project.detections.bring_back() == 1
    assert [each.circle for each in project.particles.current] == [B]


def test_the_same_choice_again_is_no_step(project):
    project.micrographs.set_frames({0: 0})
    assert not project.history.can_undo


def test_another_window_follows(project):
    other = Project.create_or_open(project.path)
    project.micrographs.set_frames({0: "mean"})
    assert other.sync.poll()
    assert other.micrographs.entries[0].frame == "mean"
    assert other.micrographs.entries[0].id is None
    other.close()


@pytest.mark.parametrize(
    ("ends", "choice", "words"),
    [
        ((2, 2), 2, "frame 2"),
        ((0, 4), "mean", "mean of all frames"),
        ((1, 3), "1:4", "mean of frames 1 to 3"),
    ],
)
def test_ends_of_a_slider_and_choices_are_one(ends, choice, words):
    assert choice_of(*ends, 5) == choice
    assert frames_of(choice, 5) == ends
    assert frame_words(choice) == words


def of_the_first(project):
    """Tell all that stands of the first micrograph."""
    entry = project.micrographs.entries[0]
    return (
        project.particles.of(0),
        (entry.id, entry.analysed, entry.quality, entry.problem),
        project.micrographs.pixel_size(0),
    )


def search(project, circles):
    """Search the frame that is read, and let the small forest say a word of each."""
    ids = put_circles(project, circles)
    project.detections.put_predictions(
        MODEL, [prediction(each, MODEL, "yes") for each in ids]
    )
    return ids


@contextmanager
def held(path, kind):
    """Hold a project's file as a program that writes to it does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"BEGIN {kind}")
        yield


@pytest.fixture
def searched(project):
    """Two circles in frame 0, one of them judged; another one in frame 2."""
    use_model(project)
    judged, _ = search(project, [A, B])
    project.edits.label([judged], "no")
    return project


def test_undo_of_a_frame_brings_back_circles_and_what_the_forest_said(searched):
    before = of_the_first(searched)
    assert [each.prediction is None for each in before[0]] == [False, False]
    searched.micrographs.set_frames({0: 2})
    read(searched)
    search(searched, [C])
    after = of_the_first(searched)
    searched.history.undo()
    read(searched)
    assert of_the_first(searched) == before
    searched.history.redo()
    read(searched)
    assert of_the_first(searched) == after
    searched.history.undo()
    again = Project.create_or_open(searched.path)
    assert of_the_first(again) == before
    again.history.redo()
    assert of_the_first(again) == after
    again.close()


def test_undo_says_whose_particles_are_others_now(searched):
    searched.micrographs.set_frames({0: 2})
    told = []
    searched.events.particles_changed.connect(told.append)
    searched.history.undo()
    found = {each.id for each in searched.particles.of(0)}
    assert found & frozenset().union(*told)
    assert searched.micrographs.entries[0].found == 2
    assert searched.detections.current is not None


def test_undo_brings_back_the_frame_that_was_left_and_not_a_later_look_at_it(searched):
    before = of_the_first(searched)
    searched.micrographs.set_frames({0: 2})
    read(searched)
    searched.micrographs.set_frames({0: 0})
    read(searched)
    search(searched, [C])
    searched.history.undo()
    searched.history.undo()
    read(searched)
    assert of_the_first(searched) == before


def test_another_window_sees_what_undo_brings_back(searched):
    before = of_the_first(searched)
    other = Project.create_or_open(searched.path)
    searched.micrographs.set_frames({0: 2})
    assert other.sync.poll()
    assert not other.micrographs.entries[0].analysed
    searched.history.undo()
    assert other.sync.poll()
    assert of_the_first(other) == before
    searched.history.redo()
    searched.history.undo()
    other.history.undo()  # the label
    searched.sync.poll()
    assert of_the_first(searched) == of_the_first(other)
    other.close()


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_choice_that_waited_for_the_file_is_taken_back_whole(searched, kind):
    before = of_the_first(searched)
    searched.backlog.allow(0.0)
    with held(searched.path, kind):
        searched.micrographs.set_frames({0: 2})
        read(searched)
        assert len(searched.particles.of(0)) == 1
        searched.history.undo()
        read(searched)
    assert searched.sync.write_waiting()
    assert of_the_first(searched) == before


def test_a_changed_file_is_told_where_undo_would_bring_back_its_circles(searched):
    path = searched.micrographs.entries[0].path
    searched.micrographs.set_frames({0: 2})
    write_movie(path, seed=9)
    read(searched)
    searched.history.undo()
    read(searched)
    entry = searched.micrographs.entries[0]
    assert not entry.analysed
    assert "was changed since" in entry.problem


def test_a_choice_that_an_older_program_made_is_taken_back_without_circles(searched):
    searched.micrographs.set_frames({0: 2})
    searched.close()
    change_file(searched.path, "DELETE FROM frames")
    again = Project.create_or_open(searched.path)
    again.history.undo()
    entry = again.micrographs.entries[0]
    assert (entry.frame, entry.id, entry.analysed, entry.found) == (0, None, False, 1)
    again.close()


def test_labels_of_other_frames_are_counted_and_again_after_a_restart(searched):
    def counted():
        again = Project.create_or_open(searched.path)
        found = again.micrographs.labels_of_other_frames()
        again.close()
        assert searched.micrographs.labels_of_other_frames() == found
        return found

    judged, other = (each.id for each in searched.particles.of(0))
    searched.edits.label([other], "null")
    assert counted() == 0
    searched.micrographs.set_frames({0: 2})
    assert counted() == 2
    searched.edits.reshape({judged: C})
    assert counted() == 1
    searched.history.undo()
    searched.edits.remove([judged])
    assert counted() == 1
    searched.history.undo()
    assert counted() == 2
    searched.history.undo()
    assert counted() == 0
