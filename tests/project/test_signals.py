"""Who hears what, and what is open and selected after an edit."""

from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project
from tests.project_tools import A, B, C, hand_over, put_circles


def test_signals_name_exactly_what_changed(project, listening):
    first, second = put_circles(project, [A, B])
    assert listening.of("particles_changed")[-1] == {first, second}
    assert listening.of("analysed") == [0]
    listening.calls.clear()
    project.label([first], "yes")
    assert listening.calls == [
        ("particles_changed", frozenset({first})),
        ("micrographs_changed",),
        ("history_changed",),
    ]
    drawn = project.draw(C)
    assert listening.of("particles_changed")[-1] == {drawn}


def test_an_edit_is_stored_before_anyone_hears_of_it(project):
    (first,) = put_circles(project, [A])
    seen = []

    def look(_ids):
        other = Project.create_or_open(project.path)
        seen.append(other.particle(first).label)
        other.close()

    project.particles_changed.connect(look)
    project.label([first], "null")
    assert seen == ["null"]


def test_the_selection_leaves_a_circle_that_is_removed(project, listening):
    first, _ = put_circles(project, [A, B])
    project.select(first)
    project.remove([first])
    assert project.selected is None
    assert listening.of("selection_changed") == [first, None]


def test_selecting_elsewhere_opens_that_micrograph(project, listening):
    (first,) = put_circles(project, [A])
    hand_over(project, 1)
    listening.calls.clear()
    project.select(first)
    assert project.current == 0
    assert project.micrograph is None
    assert listening.of("opened") == [0]


def test_undo_in_another_micrograph_opens_it(project, listening):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    hand_over(project, 2)
    listening.calls.clear()
    assert project.undo() == "Label 1 circle yes"
    assert project.current == 0
    assert listening.of("opened") == [0]
    hand_over(project, 1)
    project.redo()
    assert project.current == 0
    assert project.particle(first).label == "yes"


def test_one_step_may_span_micrographs(project):
    (first,) = put_circles(project, [A])
    hand_over(project, 1)
    (second,) = put_circles(project, [B])
    project.label([first, second], "empty")
    assert [each.reviewed for each in project.entries] == [1, 1, 0]
    project.undo()
    assert project.current == 1
    assert [each.reviewed for each in project.entries] == [0, 0, 0]


def test_pixels_that_come_late_are_not_shown(project):
    late = read_micrograph(project.entries[1].path)
    project.set_micrograph(1, late)
    assert project.micrograph.id != late.id
    assert project.entries[1].id == late.id
