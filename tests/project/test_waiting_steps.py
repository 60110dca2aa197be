"""Steps and settings that waited for a busy file outlive the program."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from napari_cdse.io.store import waiting_steps
from napari_cdse.io.store.waiting_steps import LeftSteps
from napari_cdse.project import Project
from tests.project_tools import A, B, C, hand_over, put_circles, seen, write_folder

WINDOW = """
import sys
from napari_cdse.core.records import Circle
from napari_cdse.project import Project
project = Project.create_or_open(sys.argv[1])
project.backlog.allow(0.0)
project.selection.open(0)
first, second, third = [each.id for each in project.particles.of(0)]
print("open", flush=True)
sys.stdin.readline()
project.edits.label([first], "yes")
project.edits.label([second], "no")
project.history.undo()
project.edits.remove([third])
project.edits.draw(Circle(60.0, 70.0, 9.0), "null")
project.exclusions.set_excluded(1, "blurred")
project.micrographs.set_pixel_size(0.031, [2])
project.settings.half_width = 0.3
project.settings.half_width = 0.2
project.settings.scale_bar = (50.0, "nm")
assert len(project.backlog.steps) == 5
print("shown", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def project(tmp_path):
    """Three circles and nothing said about them; closed."""
    project = Project.create_or_open(write_folder(tmp_path))
    project.audits.share = 0
    hand_over(project)
    put_circles(project, [A, B, C])
    project.close()
    return project


@pytest.fixture
def holder(project):
    """Another program that may hold the file."""
    other = sqlite3.connect(project.path, isolation_level=None, timeout=0)
    yield other
    other.close()


def opened(project) -> Project:
    again = Project.create_or_open(project.path)
    again.backlog.allow(0.0)
    return again


def left(project) -> list[Path]:
    return sorted(project.folder.glob(".cdse-*.waiting"))


def ended(project, holder, *labels, kept=None) -> None:
    """Label the circles one after another and end while the file is busy."""
    window = opened(project)
    ids = [each.id for each in window.particles.of(0)]
    holder.execute("BEGIN IMMEDIATE")
    for each, label in zip(ids, labels, strict=False):
        window.edits.label([each], label)
    if kept is not None:
        (file,) = left(project)
        shutil.copy(file, kept)
    window.close()
    holder.execute("ROLLBACK")


@pytest.fixture(autouse=True)
def _leave_at_once(monkeypatch):
    monkeypatch.setattr("napari_cdse.project.project.PATIENCE_S", 0.0)


def given(window) -> list:
    return [each.label for each in window.particles.of(0)]


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_killed_program_loses_nothing_that_it_showed(project, holder, kind):
    command = [sys.executable, "-c", WINDOW, str(project.path)]
    pipe, root = subprocess.PIPE, Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, cwd=root
    ) as window:
        assert window.stdout.readline() == "open\n"
        holder.execute(f"BEGIN {kind}")
        window.stdin.write("\n")
        window.stdin.flush()
        assert window.stdout.readline() == "shown\n"
        window.kill()
    holder.execute("ROLLBACK")
    assert len(left(project)) == 1
    again = opened(project)
    assert sorted(map(str, given(again))) == ["None", "null", "yes"]
    assert again.micrographs.entries[1].excluded == "blurred"
    assert again.micrographs.entries[2].pixel_size.nm == 0.031
    assert again.settings.half_width == 0.2
    assert again.settings.scale_bar == (50.0, "nm")
    (told,) = (each for each in again.notices if "had waited" in each)
    assert told.startswith("5 steps of the last time (Label 1 circle yes; ")
    assert f") and 2 settings had waited for {project.path.name} and are" in told
    assert not left(project)
    shown = seen(again)
    again.close()
    # They are steps like any other, and told only once.
    again = opened(project)
    assert seen(again) == shown
    assert again.settings.half_width == 0.2
    assert not [each for each in again.notices if "had waited" in each]
    undone = [again.history.undo() for _ in range(6)]
    assert undone[-2:] == ["Label 1 circle yes", None]
    assert given(again) == [None, None, None]
    again.close()


def test_a_program_that_still_runs_keeps_its_steps(project, holder):
    window = opened(project)
    (first, *_) = [each.id for each in window.particles.of(0)]
    holder.execute("BEGIN IMMEDIATE")
    window.edits.label([first], "yes")
    holder.execute("ROLLBACK")
    other = opened(project)
    assert given(other) == [None, None, None]
    other.close()
    assert window.sync.write_waiting()
    assert not left(project)
    window.close()
    other = opened(project)
    assert given(other) == ["yes", None, None]
    assert other.history.undo() == "Label 1 circle yes"
    assert other.history.undo() is None
    other.close()


def test_what_was_stored_before_the_end_is_not_stored_again(project, holder, tmp_path):
    ended(project, holder, "yes", "no", kept=tmp_path / "kept")
    opened(project).close()
    # Killed after the last commit, before the file was removed.
    shutil.copy(tmp_path / "kept", hidden(project))
    make_old(hidden(project))
    again = opened(project)
    assert given(again) == ["yes", "no", None]
    assert not [each for each in again.notices if "wait" in each]
    again.history.undo()
    again.close()
    # Also not when it has been taken back since.
    shutil.copy(tmp_path / "kept", hidden(project))
    make_old(hidden(project))
    again = opened(project)
    assert given(again) == ["yes", None, None]
    again.close()
    assert not left(project)


def hidden(project) -> Path:
    """A name as a process of another machine gives it, a day and more ago."""
    return project.folder / f".cdse-{'0' * 8}-1-{'a' * 32}.waiting"


def make_old(path: Path) -> None:
    os.utime(path, (1e9, 1e9))


def test_another_machines_steps_are_taken_when_a_day_has_passed(
    project, holder, tmp_path
):
    ended(project, holder, "yes", kept=tmp_path / "kept")
    (file,) = left(project)
    file.unlink()
    shutil.copy(tmp_path / "kept", hidden(project))
    again = opened(project)
    assert given(again) == [None, None, None]
    again.close()
    make_old(hidden(project))
    again = opened(project)
    assert given(again) == ["yes", None, None]
    again.close()


def test_what_another_window_changed_since_stands_and_is_told(project, holder):
    ended(project, holder, "yes", "no")
    (file,) = left(project)
    away = file.rename(project.folder / "away")
    other = Project.create_or_open(project.path)
    other.annotators.current = "Ben"
    (first, *_) = [each.id for each in other.particles.of(0)]
    other.edits.label([first], "null")
    other.close()
    away.rename(file)
    again = opened(project)
    assert given(again) == ["null", "no", None]
    refused, stored = (each for each in again.notices if "Label" in each)
    assert "this was not kept: Label 1 circle yes in m1.png" in refused
    assert stored.startswith("1 step of the last time (Label 1 circle no)")
    assert not left(project)
    again.close()


def test_a_step_that_was_cut_off_was_never_shown(project, holder):
    ended(project, holder, "yes", "no")
    (file,) = left(project)
    file.write_bytes(file.read_bytes()[:-5])
    again = opened(project)
    assert given(again) == ["yes", None, None]
    again.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: b"[" * 100_000,
        lambda line: line.replace(b'"annotator"', b'"nobody"'),
        lambda line: line.replace(b'"summary":"', b'"summary":["').replace(
            b',"after_run"', b'],"after_run"', 1
        ),
        lambda line: line.replace(b'"after_run":', b'"after_run":true,"x":'),
        lambda line: line.replace(b'\\"label\\":\\"yes\\"', b'\\"label\\":\\"maybe\\"'),
        lambda line: line.replace(b'\\"circle\\":[', b'\\"circle\\":[1e999,'),
        lambda line: b'{"taken_back":true}\n{"taken_back":true}',
        lambda line: b"\xff\xfe",
        lambda line: line.replace(b'"after_run":', b'"after_run":1' + b"0" * 400),
        lambda line: line.replace(b'"after_run":', b'"after_run":-'),
        lambda line: line.replace(b'"micrograph":', b'"micrograph":9' + b"0" * 30),
        lambda line: line.replace(b'"summary":"', b'"summary":"\\ud800'),
    ],
)
def test_a_damaged_file_is_set_aside_whole_and_named(project, holder, spoil):
    ended(project, holder, "no", "yes")
    (file,) = left(project)
    head, first, second, end = file.read_bytes().split(b"\n")
    spoilt = spoil(second)
    assert spoilt != second
    file.write_bytes(b"\n".join([head, first, spoilt, end]))
    again = opened(project)
    assert given(again) == [None, None, None]
    (told,) = (each for each in again.notices if "can't be read" in each)
    again.close()
    assert not left(project)
    (aside,) = project.folder.glob(".cdse-*.unreadable")
    assert aside.name in told
    assert spoilt in aside.read_bytes()


def test_a_step_of_a_micrograph_that_is_not_there_is_refused(project, holder):
    ended(project, holder, "no", "yes")
    (file,) = left(project)
    head, first, second, end = file.read_bytes().split(b"\n")
    second = second.replace(b'{"micrograph":1,', b'{"micrograph":77,')
    file.write_bytes(b"\n".join([head, first, second, end]))
    again = opened(project)
    assert given(again) == ["no", None, None]
    assert [each for each in again.notices if "this was not kept" in each]
    again.close()


def test_files_beside_it_are_looked_at_by_their_first_line_alone(
    project, holder, monkeypatch
):
    """One of another project may be as large as it likes."""
    ended(project, holder, "yes")
    other = hidden(project).with_name(hidden(project).name.replace("a" * 32, "b" * 32))
    for each, start in ((hidden(project), b'{"x":'), (other, b'{"format":')):
        with each.open("wb") as big:
            big.write(start)
            big.truncate(2**31)
        make_old(each)
    read = []
    whole = waiting_steps.read_file
    monkeypatch.setattr(
        waiting_steps,
        "read_file",
        lambda path, *rest: (read.append(path), whole(path, *rest))[1],
    )
    again = opened(project)
    assert given(again) == ["yes", None, None]
    assert len(read) == 1
    again.close()


def test_the_same_name_in_other_letters_is_the_same_project(project, holder):
    """A disk may give a name back with its letters decomposed."""
    composed = project.path.with_name("gr\u00f6\u00dfe.cdse")
    project.path.rename(composed)
    lock = sqlite3.connect(composed, isolation_level=None, timeout=0)
    window = Project.create_or_open(composed)
    window.backlog.allow(0.0)
    lock.execute("BEGIN IMMEDIATE")
    (first, *_) = [each.id for each in window.particles.of(0)]
    window.edits.label([first], "yes")
    window.close()
    lock.execute("ROLLBACK")
    lock.close()
    other = project.path.with_name(unicodedata.normalize("NFD", composed.name))
    assert other.name != composed.name
    # As on a disk that takes both names for one.
    os.link(composed, other)
    again = Project.create_or_open(other)
    assert given(again) == ["yes", None, None]
    again.close()


def test_another_project_in_the_folder_does_not_take_them(project, holder):
    ended(project, holder, "yes")
    other = Project.create_or_open(
        sorted(project.folder.glob("*.png")), project.folder / "other.cdse"
    )
    hand_over(other)
    assert given(other) == []
    other.close()
    assert len(left(project)) == 1
    # A copy of the project is the same one, and has not the name.
    shutil.copy(project.path, project.folder / "copy.cdse")
    copy = Project.create_or_open(project.folder / "copy.cdse")
    assert given(copy) == [None, None, None]
    copy.close()
    # Under another name it is itself.
    renamed = project.path.rename(project.folder / "renamed.cdse")
    (project.folder / "copy.cdse").unlink()
    again = Project.create_or_open(renamed)
    assert given(again) == ["yes", None, None]
    again.close()


def test_who_may_only_look_leaves_them(project, holder, monkeypatch):
    ended(project, holder, "yes")
    monkeypatch.setattr(
        "napari_cdse.io.store.database.permits", lambda _, how: how == os.R_OK
    )
    looking = Project.create_or_open(project.path)
    assert looking.read_only
    assert given(looking) == [None, None, None]
    looking.close()
    assert len(left(project)) == 1


def test_while_the_file_is_busy_at_the_start_too_they_stay(project, holder):
    ended(project, holder, "yes")
    holder.execute("BEGIN IMMEDIATE")
    again = Project.create_or_open(project.path)
    assert given(again) == [None, None, None]
    (told,) = (each for each in again.notices if "will be written" in each)
    assert "1 step of the last time (Label 1 circle yes)" in told
    again.close()
    holder.execute("ROLLBACK")
    again = Project.create_or_open(project.path)
    assert given(again) == ["yes", None, None]
    again.close()


def test_a_step_is_on_the_disk_before_it_is_shown(project, holder, monkeypatch):
    window = opened(project)
    (first, *_) = [each.id for each in window.particles.of(0)]
    order = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda n: (order.append("disk"), fsync(n))[1])
    window.events.particles_changed.connect(lambda _: order.append("shown"))
    holder.execute("BEGIN IMMEDIATE")
    window.edits.label([first], "yes")
    holder.execute("ROLLBACK")
    assert order.index("disk") < order.index("shown")
    assert window.backlog.steps_kept
    window.close()


def test_on_a_full_disk_steps_wait_in_memory_alone(project, holder, monkeypatch):
    window = opened(project)
    first, second, _ = [each.id for each in window.particles.of(0)]
    holder.execute("BEGIN IMMEDIATE")
    window.edits.label([first], "yes")

    def full(handle):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        window.edits.label([second], "no")
    assert given(window) == ["yes", "no", None]
    assert not window.backlog.steps_kept
    # A file that lacks a step could bring a later one without what it builds on.
    assert not left(project)
    holder.execute("ROLLBACK")
    assert window.sync.write_waiting()
    assert window.backlog.steps_kept
    window.close()
    again = opened(project)
    assert given(again) == ["yes", "no", None]
    again.close()


def test_of_two_that_open_the_project_at_once_one_stores_them(
    project, holder, monkeypatch
):
    ended(project, holder, "yes")
    found = LeftSteps.beside

    def beside(store):
        first = found(store)
        if first:
            monkeypatch.undo()
            monkeypatch.setattr("napari_cdse.project.project.PATIENCE_S", 0.0)
            # Another window was opened in between.
            other = Project.create_or_open(project.path)
            assert given(other) == ["yes", None, None]
            other.close()
        return first

    monkeypatch.setattr(LeftSteps, "beside", beside)
    again = opened(project)
    again.sync.poll()
    assert given(again) == ["yes", None, None]
    assert not [each for each in again.notices if "step" in each]
    assert again.history.undo() == "Label 1 circle yes"
    assert again.history.undo() is None
    again.close()


def test_what_another_process_has_open_on_windows_is_left_to_it(
    project, holder, monkeypatch
):
    ended(project, holder, "yes")
    (file,) = left(project)

    def held(self, target):
        raise PermissionError(13, "It is being used by another process")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", held)
        again = opened(project)
    assert given(again) == [None, None, None]
    again.close()
    assert left(project) == [file]


def set_and_ended(project, holder, kept=None, **settings) -> None:
    """Set something and end while the file is busy."""
    window = opened(project)
    holder.execute("BEGIN IMMEDIATE")
    for name, value in settings.items():
        setattr(window.settings, name, value)
        assert getattr(window.settings, name) == value
    if kept is not None:
        (file,) = left(project)
        shutil.copy(file, kept)
    window.close()
    holder.execute("ROLLBACK")


def test_a_setting_that_another_window_set_since_stays_as_that_has_it(project, holder):
    set_and_ended(project, holder, half_width=0.2, pixel_size_error=0.01)
    (file,) = left(project)
    away = file.rename(project.folder / "away")
    other = Project.create_or_open(project.path)
    other.settings.half_width = 0.3
    other.close()
    away.rename(file)
    again = opened(project)
    assert again.settings.half_width == 0.3
    assert again.settings.pixel_size_error == 0.01
    refused, stored = (each for each in again.notices if "last time" in each)
    assert "not kept: the width of the interval that is needed." in refused
    assert stored.startswith("1 setting of the last time had waited for ")
    assert not left(project)
    again.close()


def test_a_setting_is_stored_once(project, holder, tmp_path):
    set_and_ended(project, holder, kept=tmp_path / "kept", half_width=0.2)
    again = opened(project)
    assert again.settings.half_width == 0.2
    again.close()
    for later in (0.2, 0.3):
        other = Project.create_or_open(project.path)
        other.settings.half_width = later
        other.close()
        # Killed after the commit, before the file was removed.
        shutil.copy(tmp_path / "kept", hidden(project))
        make_old(hidden(project))
        again = opened(project)
        assert again.settings.half_width == later
        assert len([x for x in again.notices if "not kept" in x]) == (later == 0.3)
        again.close()
        assert not left(project)


def test_a_waiting_setting_outlives_what_another_window_writes(project, holder):
    window = opened(project)
    holder.execute("BEGIN IMMEDIATE")
    window.settings.half_width = 0.2
    holder.execute("ROLLBACK")
    other = Project.create_or_open(project.path)
    other.micrographs.set_pixel_size(0.031, [2])
    other.settings.scale_bar = (50.0, "nm")
    other.close()
    window.reload()
    assert window.settings.scale_bar == (50.0, "nm")
    assert window.settings.half_width == 0.2
    assert window.sync.write_waiting()
    assert window.settings.half_width == 0.2
    window.close()
    again = opened(project)
    assert again.settings.half_width == 0.2
    again.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b'"half_width"', b'"no_such_setting"'),
        lambda line: line.replace(b'"half_width"', b'["half_width"]'),
        lambda line: line.replace(b'"after":0.2', b'"after":"wide"'),
        lambda line: line.replace(b'"after":0.2', b'"after":1e999'),
        lambda line: line.replace(b'"after":0.2', b'"after":true'),
        lambda line: line.replace(b'"before":', b'"before":NaN,"x":'),
        lambda line: line.replace(b'"before"', b'"x"'),
        lambda line: b'{"setting":"detection_params","before":{},"after":{"x":NaN}}',
        lambda line: b'"setting"',
    ],
)
def test_of_a_file_with_a_damaged_setting_nothing_is_taken(project, holder, spoil):
    window = opened(project)
    holder.execute("BEGIN IMMEDIATE")
    window.settings.scale_bar = (50.0, "nm")
    window.settings.half_width = 0.2
    window.close()
    holder.execute("ROLLBACK")
    (file,) = left(project)
    head, first, second, end = file.read_bytes().split(b"\n")
    spoilt = spoil(second)
    assert spoilt != second
    file.write_bytes(b"\n".join([head, first, spoilt, end]))
    again = opened(project)
    assert again.settings.scale_bar != (50.0, "nm")
    assert [each for each in again.notices if "can't be read" in each]
    again.close()
    assert len(list(project.folder.glob(".cdse-*.unreadable"))) == 1


def test_what_goes_on_waiting_is_in_a_new_file_before_the_old_one_goes(
    project, holder, monkeypatch
):
    """A program killed in between has it in one of the two."""
    window = opened(project)
    (first, *_) = [each.id for each in window.particles.of(0)]
    holder.execute("BEGIN IMMEDIATE")
    window.edits.label([first], "yes")
    window.settings.half_width = 0.2
    (old,) = left(project)
    held = []
    unlink = Path.unlink

    def before(path, *rest, **options):
        held.append([each.read_bytes() for each in left(project) if each != old])
        unlink(path, *rest, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", before)
        window.reload()
    ((data,),) = held
    assert data.splitlines() == left(project)[0].read_bytes().splitlines()
    assert b'"setting":"half_width"' in data
    assert b"Label 1 circle yes" in data
    window.close()
    holder.execute("ROLLBACK")
    again = opened(project)
    assert given(again) == ["yes", None, None]
    assert again.settings.half_width == 0.2
    again.close()


@pytest.fixture
def looked_at(analysed):
    """A project of three micrographs with a forest's word, closed, and a lock."""
    analysed.close()
    other = sqlite3.connect(analysed.path, isolation_level=None, timeout=0)
    yield analysed, other
    other.close()


def drawn(window) -> list[set[str]]:
    hides = window.audits.hides
    return [{e.id for e in window.particles.of(n) if hides(e.id)} for n in range(3)]


def test_what_was_in_view_is_known_after_the_end_too(looked_at):
    """Else a larger share would draw what was seen, and call it judged unseen."""
    project, holder = looked_at
    window = opened(project)
    before = drawn(window)
    holder.execute("BEGIN IMMEDIATE")
    window.selection.open(0)
    window.selection.open(2)
    window.audits.note_order("uncertain")
    assert window.backlog.steps_kept
    window.close()
    holder.execute("ROLLBACK")
    again = opened(project)
    assert not left(project)
    assert not [each for each in again.notices if "wait" in each]
    again.audits.share = 0.5
    after = drawn(again)
    assert [len(now) > len(then) for then, now in zip(before, after, strict=True)] == [
        False,
        True,
        False,
    ]
    again.close()


def test_what_was_in_view_outlives_what_another_window_writes(looked_at):
    project, holder = looked_at
    window = opened(project)
    before = drawn(window)
    holder.execute("BEGIN IMMEDIATE")
    window.selection.open(1)
    holder.execute("ROLLBACK")
    window.reload()
    window.audits.share = 0.5
    assert drawn(window)[1] == before[1]
    assert window.sync.write_waiting()
    other = opened(project)
    other.audits.share = 0.6
    assert drawn(other)[1] == before[1]
    other.close()
    window.close()


@pytest.mark.parametrize(
    "told",
    [
        b'{"add_to":"in_view","members":["one"]}',
        b'{"add_to":"in_view","members":[true]}',
        b'{"add_to":"in_view","members":[-1]}',
        b'{"add_to":"in_view","members":3}',
        b'{"add_to":"orders","members":["backwards"]}',
        b'{"add_to":"orders","members":[["uncertain"]]}',
        b'{"add_to":"audit","members":[1]}',
    ],
)
def test_a_damaged_note_of_what_was_in_view_sets_the_file_aside(project, holder, told):
    ended(project, holder, "no", "yes")
    (file,) = left(project)
    file.write_bytes(file.read_bytes() + told + b"\n")
    again = opened(project)
    assert given(again) == [None, None, None]
    assert [each for each in again.notices if "can't be read" in each]
    again.close()
