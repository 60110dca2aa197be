"""Who hears what, and what is open and selected after an edit."""

from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project
from tests.project_tools import A, B, C, hand_over, put_circles


def test_signals_name_exactly_what_changed(project, listening):
    first, second = put_circles(project, [A, B])
    assert listening.of("particles_changed")[-1] == {first, second}
    assert listening.of("analysed") == [0]
    listening.calls.clear()
    project.edits.label([first], "yes")
    assert listening.calls == [
        ("particles_changed", frozenset({first})),
        ("micrographs_changed",),
        ("history_changed",),
    ]
    drawn = project.edits.draw(C)
    assert listening.of("particles_changed")[-1] == {drawn}


def test_an_edit_is_stored_before_anyone_hears_of_it(project):
    (first,) = put_circles(project, [A])
    seen = []

    def look(_ids):
        other = Project.create_or_open(project.path)
        seen.append(other.particles.get(first).label)
        other.close()

    project.events.particles_changed.connect(look)
    project.edits.label([first], "null")
    assert seen == ["null"]


def test_the_selection_leaves_a_circle_that_is_removed(project, listening):
    first, _ = put_circles(project, [A, B])
    project.selection.select(first)
    project.edits.remove([first])
    assert project.selection.particle_id is None
    assert listening.of("selection_changed") == [first, None]


def test_selecting_elsewhere_opens_that_micrograph(project, listening):
    (first,) = put_circles(project, [A])
    hand_over(project, 1)
    listening.calls.clear()
    project.selection.select(first)
    assert project.selection.index == 0
    assert project.selection.micrograph is None
    assert listening.of("opened") == [0]


def test_undo_in_another_micrograph_opens_it(project, listening):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "yes")
    hand_over(project, 2)
    listening.calls.clear()
    assert project.history.undo() == "Label 1 circle yes"
    assert project.selection.index == 0
    assert listening.of("opened") == [0]
    hand_over(project, 1)
    project.history.redo()
    assert project.selection.index == 0
    assert project.particles.get(first).label == "yes"


def test_one_step_may_span_micrographs(project):
    (first,) = put_circles(project, [A])
    hand_over(project, 1)
    (second,) = put_circles(project, [B])
    project.edits.label([first, second], "empty")
    assert [each.reviewed for each in project.micrographs.entries] == [1, 1, 0]
    project.history.undo()
    assert project.selection.index == 1
    assert [each.reviewed for each in project.micrographs.entries] == [0, 0, 0]


def test_pixels_that_come_late_are_not_shown(project):
    late = read_micrograph(project.micrographs.entries[1].path)
    project.micrographs.set_pixels(1, late)
    assert project.selection.micrograph.id != late.id
    assert project.micrographs.entries[1].id == late.id
