"""Files that can't be read, and a store that fails while a project is open."""

import os

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.io.store.store import Store
from napari_cdse.project import Project
from tests.project_tools import (
    Heard,
    hand_over,
    put_circles,
    reopened,
)

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)


def test_a_problem_of_a_file_is_shown_until_it_can_be_read(folder):
    project = Project.create_or_open(folder)
    project.micrographs.set_problem(1, "m2.png is empty.")
    assert project.micrographs.entries[1].problem == "m2.png is empty."
    hand_over(project, 1)
    assert project.micrographs.entries[1].problem is None
    project.close()


def test_a_full_disk_puts_the_screen_back_to_what_is_stored(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    first, _ = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    database = project._store._database
    ((pages,),) = database.rows("PRAGMA page_count")
    database.execute(f"PRAGMA max_page_count = {pages}")
    drawn: list[str] = []
    heard = Heard(project)
    with pytest.raises(StoreError, match="disk is full"):
        drawn.extend(
            project.edits.draw(Circle(50.0, 10.0 + n, 5.0)) for n in range(1000)
        )
    assert heard.of("particles_changed")[-1] is None
    shown = project.particles.current
    assert len(shown) > 2
    again = reopened(project)
    assert again.particles.of(0) == shown
    for _ in shown[2:]:
        again.history.undo()
    assert again.history.undo() == "Label 1 circle yes"
    again.close()


def test_closing_never_fails(folder):
    project = Project.create_or_open(folder)
    project._store._database.execute("PRAGMA max_page_count = 1")
    project.close()
    project.close()


def test_opening_a_damaged_project_leaves_no_lock_behind(folder):
    Project.create_or_open(folder).close()
    store = Store.open(folder / "napari-cdse.cdse")
    with store.transaction():
        store._database.execute("DROP TABLE candidates")
    store.close()
    with pytest.raises(StoreError):
        Project.create_or_open(folder)
    os.rename(folder / "napari-cdse.cdse", folder / "kept.cdse")
