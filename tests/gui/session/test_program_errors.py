"""An error that nobody foresaw: a sentence that stays, a report, the others done."""

from __future__ import annotations

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolButton

from napari_cdse.core.errors import CdseError
from napari_cdse.core.records import Circle
from napari_cdse.gui.session.standing_messages import StandingMessages
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.tasks import analysis, thumbnails
from tests.gui.conftest import SIGNAL_MS, open_folder, settle


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    folder = tmp_path / "logs"
    monkeypatch.setenv("NAPARI_CDSE_LOGS", str(folder))
    return folder


def report_of(sentence, logs):
    """The text of the report that a sentence names."""
    (path,) = [one for one in logs.glob("*.txt") if str(one) in sentence]
    return path.read_text("utf-8")


def test_one_micrograph_that_breaks_costs_no_other(
    viewer, folder, qtbot, monkeypatch, logs
):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    real = analysis.analyse

    def breaking(micrograph, *args, **options):
        if micrograph.name.startswith("dots_1"):
            raise ZeroDivisionError("by nothing")
        return real(micrograph, *args, **options)

    monkeypatch.setattr(analysis, "analyse", breaking)
    job = workspace.detection.analyse([0, 1, 2])
    qtbot.waitUntil(lambda: not job.running, timeout=3 * SIGNAL_MS)
    settle(workspace, qtbot)
    entries = workspace.session.entries
    assert [each.analysed for each in entries] == [True, False, True]
    (sentence,) = workspace.message_bar.sentences
    assert sentence.startswith("dots_1.png: an error in the program")
    assert entries[1].problem == sentence
    assert "in breaking" in report_of(sentence, logs)
    (close,) = (
        one
        for one in workspace.message_bar.findChildren(QToolButton)
        if one.accessibleName() == "Close this message"
    )
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not workspace.message_bar.isVisible()


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("y"), MemoryError()])
def test_a_job_that_breaks_says_what_it_was_about_and_lets_the_next_one_run(
    workspace, qtbot, logs, error
):
    done = []

    def work(report):
        report(0.5)
        yield 1
        raise error

    def next_one(_report):
        yield 2

    runner = workspace.session.runner
    runner.submit(Job("Weighing features", work))
    runner.submit(Job("Next", next_one)).produced.connect(done.append)
    qtbot.waitUntil(lambda: not runner.jobs, timeout=SIGNAL_MS)
    assert done == [2]
    (sentence,) = workspace.message_bar.sentences
    assert sentence.startswith("Weighing features: ")
    if isinstance(error, MemoryError):
        assert "not enough memory" in sentence
    else:
        assert type(error).__name__ in report_of(sentence, logs)


def test_a_slot_that_raises_leaves_a_report_once(workspace, logs):
    def slot():
        # Goes through our code, as whatever a button of ours calls does.
        workspace.navigation.open_micrograph("no number")

    for _ in range(2):
        try:
            slot()
        except TypeError as error:
            notification_manager.receive_error(type(error), error, error.__traceback__)
    (sentence,) = workspace.message_bar.sentences
    assert "TypeError" in sentence
    assert "open_micrograph" in report_of(sentence, logs)
    assert len(list(logs.glob("*.txt"))) == 1


def test_errors_of_other_plugins_and_our_own_sentences_are_left_to_napari(
    workspace, logs
):
    for kind in (ValueError, CdseError):
        try:
            raise kind("not ours")
        except kind as error:
            notification_manager.receive_error(kind, error, error.__traceback__)
    assert not workspace.message_bar.sentences
    assert not logs.exists()


def test_a_thumbnail_that_breaks_costs_no_other(micrographs, monkeypatch, logs):
    paths = sorted(micrographs.glob("*.png"))
    queue = thumbnails.RequestQueue()
    queue.replace(
        thumbnails.Request(analysis.Source(at, path, 0, None), None, (circle(at),))
        for at, path in enumerate(paths)
    )
    real = thumbnails.thumbnail

    def breaking(pixels, wanted):
        if wanted == circle(1):
            raise ValueError("broken")
        return real(pixels, wanted)

    monkeypatch.setattr(thumbnails, "thumbnail", breaking)
    found = list(thumbnails.thumbnailing(queue, None, lambda _share: None))
    assert [len(each.pictures) for each in found] == [1, 0, 1]
    assert "in breaking" in report_of(found[1].failure, logs)


def circle(at):
    return Circle(20.0 + at, 30.0, 8.0)


def test_messages_of_one_name_take_each_others_place():
    messages, heard = StandingMessages(), []
    messages.changed.connect(lambda: heard.append(len(messages.shown)))
    messages.put("a", "one")
    messages.put("a", "two")
    messages.put("a", "two")
    messages.withdraw("b")
    messages.withdraw("a")
    assert heard == [1, 1, 0]
