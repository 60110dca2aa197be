"""Micrographs that were moved, renamed, renumbered, changed or lost, as real files."""

import os
import shutil

from napari_cdse.core.records import Circle
from napari_cdse.io.images.fingerprint import stamp
from napari_cdse.io.store.store import Store
from napari_cdse.project import Project
from napari_cdse.project.files import relocation as astray
from tests.io.store.stores import change_file
from tests.project_tools import (
    Heard,
    hand_over,
    put_circles,
    reopened,
    write_folder,
    write_picture,
)

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)
NAMES = ("m1.png", "m2.png", "m10.png")


def prepared(folder):
    """Read all micrographs and draw a circle in each; return the circles' ids."""
    project = Project.create_or_open(folder)
    drawn = []
    for index in range(len(project.micrographs.entries)):
        hand_over(project, index)
        drawn.append(project.edits.draw(A, "yes"))
    project.close()
    return drawn


def names(project):
    return [each.name for each in project.micrographs.entries]


def test_a_lost_picture_is_named_and_its_labels_are_kept(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    project.edits.draw(A, "yes")
    project.close()
    (folder / "m1.png").unlink()
    again = Project.create_or_open(folder)
    assert "m1.png is not in" in again.micrographs.entries[0].problem
    assert "m1.png is missing; its labels are kept" in again.notices[0]
    assert again.particles.counts()["yes"] == 1
    assert again.micrographs.labelled() == []
    assert again.review.queue(which="all") == []
    again.close()


def test_a_picture_that_was_moved_is_found_again(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    drawn = project.edits.draw(A, "yes")
    project.close()
    (folder / "good").mkdir()
    shutil.move(folder / "m1.png", folder / "good" / "m1.png")
    again = Project.create_or_open(folder)
    assert any("found again" in each for each in again.notices)
    entry = again.micrographs.entries[again.particles.micrograph_of(drawn)]
    assert (entry.path, entry.problem) == (folder / "good" / "m1.png", None)
    again.close()


def test_another_picture_of_the_same_name_is_not_taken_for_it(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    project.edits.draw(A, "yes")
    path = project.path
    project.close()
    (folder / "m1.png").unlink()
    write_picture(folder / "other" / "m1.png", 77)
    again = Project.create_or_open(path)
    assert "m1.png is not in" in again.micrographs.entries[0].problem
    again.close()


def test_a_renamed_picture_is_found_by_its_content(folder):
    drawn = prepared(folder)
    (folder / "m1.png").rename(folder / "z.png")
    again = Project.create_or_open(folder)
    assert names(again) == ["m2.png", "m10.png", "z.png"]
    assert (
        again.micrographs.entries[again.particles.micrograph_of(drawn[0])].name
        == "z.png"
    )
    assert again.notices == ("m1.png was found again as z.png.",)
    again.close()


def test_one_that_was_renamed_and_moved_is_found_in_a_folder_nearby(folder):
    drawn = prepared(folder)
    path = folder / "napari-cdse.cdse"
    (folder / "kept" / "good").mkdir(parents=True)
    (folder / "m2.png").rename(folder / "kept" / "good" / "b.png")
    again = Project.create_or_open(path)
    entry = again.micrographs.entries[again.particles.micrograph_of(drawn[1])]
    assert entry.path == folder / "kept" / "good" / "b.png"
    assert entry.problem is None
    again.close()


def test_a_renumbered_folder_keeps_each_label_with_its_picture(folder):
    drawn = prepared(folder)
    content = {name: (folder / name).read_bytes() for name in NAMES}
    # m1 is gone, m2 and m10 moved up by one, and a new one has the last name.
    (folder / "m2.png").rename(folder / "m1.png")
    (folder / "m10.png").rename(folder / "m2.png")
    write_picture(folder / "m10.png", 55)
    again = Project.create_or_open(folder)
    where = {
        n: again.micrographs.entries[again.particles.micrograph_of(each)]
        for n, each in enumerate(drawn)
    }
    assert where[1].path.read_bytes() == content["m2.png"]
    assert where[2].path.read_bytes() == content["m10.png"]
    assert where[0].name == "m1 (replaced, 1).png"
    assert "is not in" in where[0].problem
    assert (
        again.particles.of(again.micrographs.entries.index(where[0]))[0].id == drawn[0]
    )
    new = next(each for each in again.micrographs.entries if each.name == "m10.png")
    assert (new.found, new.problem) == (0, None)
    again.close()


def test_two_pictures_that_change_names_change_places(folder):
    drawn = prepared(folder)
    (folder / "m1.png").rename(folder / "x")
    (folder / "m2.png").rename(folder / "m1.png")
    (folder / "x").rename(folder / "m2.png")
    again = Project.create_or_open(folder)
    assert names(again) == list(NAMES)
    assert [
        again.micrographs.entries[again.particles.micrograph_of(each)].name
        for each in drawn
    ] == [
        "m2.png",
        "m1.png",
        "m10.png",
    ]
    hand_over(again, 0)
    assert again.micrographs.entries[0].problem is None
    assert [each.id for each in again.particles.current] == [drawn[1]]
    again.close()


def test_nothing_is_read_where_all_files_are_there(folder, monkeypatch):
    prepared(folder)

    def refuse(*_args):
        raise AssertionError("a micrograph was read")

    monkeypatch.setattr("napari_cdse.project.files.relocation.glance", refuse)
    monkeypatch.setattr("napari_cdse.project.files.relocation.micrograph_id", refuse)
    again = Project.create_or_open(folder)
    assert again.notices == ()
    again.close()


def test_only_what_looks_like_the_lost_one_is_hashed(folder, monkeypatch):
    prepared(folder)
    for number in range(20):
        write_picture(folder / f"new{number}.png", 100 + number)
    (folder / "m1.png").rename(folder / "z.png")
    hashed = []
    whole = astray.micrograph_id
    monkeypatch.setattr(
        "napari_cdse.project.files.relocation.micrograph_id",
        lambda path, frame: hashed.append(path.name) or whole(path, frame),
    )
    again = Project.create_or_open(folder)
    assert hashed == ["z.png"]
    again.close()


def test_a_copied_folder_is_the_same_and_that_is_noted(folder, tmp_path):
    drawn = prepared(folder)
    copy = tmp_path / "copy"
    copy.mkdir()
    for each in folder.iterdir():
        (copy / each.name).write_bytes(each.read_bytes())
    again = Project.create_or_open(copy)
    assert again.notices == ()
    assert (
        again.micrographs.entries[again.particles.micrograph_of(drawn[0])].path
        == copy / "m1.png"
    )
    stamps = [row.stamp for row in again._store.micrographs()]
    assert stamps == [stamp(copy / name) for name in NAMES]
    again.close()


def test_many_found_again_and_many_missing_are_one_sentence_each(tmp_path):
    before = [f"a{n}.png" for n in range(12)]
    folder = write_folder(tmp_path / "sample", before)
    project = Project.create_or_open(folder)
    for index in range(12):
        hand_over(project, index)
    project.close()
    for name in before[:5]:
        (folder / name).rename(folder / name.replace("a", "b"))
    for name in before[5:]:
        (folder / name).unlink()
    again = Project.create_or_open(folder)
    found, missing = again.notices
    assert found.startswith("5 micrographs were found again")
    assert missing == (
        "7 micrographs are missing; their labels are kept: "
        "a5.png, a6.png, a7.png and 4 more."
    )
    again.close()


def test_a_project_of_before_there_were_marks_knows_a_renamed_picture_when_read(folder):
    drawn = prepared(folder)[0]
    store = Store.open(folder / "napari-cdse.cdse")
    store.update_micrograph(1, glance=None, stamp=None)
    store.close()
    (folder / "m1.png").rename(folder / "z.png")
    again = Project.create_or_open(folder)
    assert len(again.micrographs.entries) == 4
    heard = Heard(again)
    new = next(each.index for each in again.micrographs.entries if each.name == "z.png")
    hand_over(again, new)
    assert "was moved" in heard.of("notice")[0]
    assert names(again) == ["m2.png", "m10.png", "z.png"]
    assert [each.id for each in again.particles.current] == [drawn]
    assert again.selection.micrograph is not None
    assert again._store.micrograph(1).glance is not None
    again.close()


def test_a_picture_that_was_changed_keeps_labels_and_loses_findings(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    first, _ = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    project.close()
    write_picture(folder / "m1.png", 99)
    again = Project.create_or_open(folder)
    assert "m1.png was changed" in again.notices[0]
    assert again.micrographs.entries[0].problem == again.notices[0]
    heard = Heard(again)
    hand_over(again)
    assert "was changed" in heard.of("notice")[0]
    assert [each.circle for each in again.particles.current] == [A]
    assert not again.micrographs.entries[0].analysed
    assert (
        again.particles.current[0].annotation.micrograph_id
        == again.selection.micrograph.id
    )
    third = reopened(again)
    assert [each.circle for each in third.particles.of(0)] == [A]
    third.close()


def test_the_same_picture_twice_is_told(folder):
    shutil.copy(folder / "m1.png", folder / "m5.png")
    project = Project.create_or_open(folder)
    hand_over(project, 0)
    heard = Heard(project)
    hand_over(project, 2)
    assert "m5.png is the same picture as m1.png" in heard.of("notice")[0]
    assert project.micrographs.entries[2].problem == heard.of("notice")[0]
    project.close()


def test_a_file_that_may_not_be_read_now_is_not_called_changed(folder, monkeypatch):
    prepared(folder)
    os.utime(folder / "m1.png", (1, 1))
    monkeypatch.setattr(astray, "glance", lambda _: None)
    again = Project.create_or_open(folder)
    assert not again.notices
    assert again.micrographs.entries[0].problem is None
    again.close()


def test_a_place_that_cannot_be_looked_at_is_called_missing(folder):
    prepared(folder)
    (folder / "m1.png").unlink()
    place = f"{'x' * 300}/m1.png"
    change_file(
        folder / "napari-cdse.cdse",
        f"UPDATE micrographs SET path = '{place}' WHERE path = 'm1.png'",
    )
    again = Project.create_or_open(folder)
    assert any("m1.png is missing; its labels are kept" in n for n in again.notices)
    assert again.particles.counts()["yes"] == 3
    again.close()
