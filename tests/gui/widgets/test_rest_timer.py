"""What is shown anew once the hands rest."""

import pytest
from qtpy.QtCore import QObject

from napari_cdse.core.errors import StoreBusy, StoreError
from napari_cdse.gui.widgets.rest_timer import RestTimer
from tests.gui.conftest import SIGNAL_MS


@pytest.fixture
def parent(qapp):
    return QObject()


def test_what_comes_in_a_row_is_shown_once(parent, qtbot):
    shown = []
    timer = RestTimer(parent, lambda: shown.append(1), rest_ms=1, warn=pytest.fail)
    for _ in range(5):
        timer.start()
        assert timer.waiting
    qtbot.waitUntil(lambda: not timer.waiting, timeout=SIGNAL_MS)
    assert len(shown) == 1


def test_a_busy_file_is_asked_again_until_it_is_free(parent, qtbot):
    answers = [StoreBusy("busy"), StoreBusy("busy"), None]
    asked = []

    def show():
        asked.append(1)
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    timer = RestTimer(parent, show, rest_ms=1, warn=pytest.fail)
    timer.show_now()
    assert timer.waiting
    qtbot.waitUntil(lambda: not timer.waiting, timeout=SIGNAL_MS)
    assert len(asked) == 3


def test_another_error_is_told_and_not_tried_again(parent):
    told = []

    def show():
        raise StoreError("The disk is gone.")

    timer = RestTimer(parent, show, rest_ms=1, warn=told.append)
    timer.show_now()
    assert told == ["The disk is gone."]
    assert not timer.waiting
