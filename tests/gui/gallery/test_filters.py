"""The gallery's controls: what is chosen with them, and how classes look there."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon

from napari_cdse.gui.canvas.class_colours import CLASS_NAMES, HEX, readable
from napari_cdse.gui.gallery.filters import GalleryFilters
from napari_cdse.gui.gallery.items import SORTINGS, WHO
from napari_cdse.gui.widgets.layout import paper_of
from tests.gui.painted import pixels


@pytest.fixture
def filters(qtbot):
    filters = GalleryFilters()
    qtbot.addWidget(filters)
    filters.show()
    return filters


def test_at_first_everything_is_shown_the_surest_first(filters):
    choice = filters.choice(2)
    assert choice.names == frozenset(CLASS_NAMES)
    assert (choice.sorting, choice.who, choice.micrograph) == (
        SORTINGS[0], WHO[0], None,
    )  # fmt: skip
    words = [filters.sorting.itemText(at) for at in range(filters.sorting.count())]
    assert words == [
        {"surest": "surest first", "doubt": "doubtful first",
         "micrograph": "by micrograph", "size": "largest first"}[one]
        for one in SORTINGS
    ]  # fmt: skip
    words = [filters.who.itemText(at) for at in range(filters.who.count())]
    assert words == [
        {"anyone": "all", "person": "judged", "forest": "not judged",
         "differ": "against the forest", "later": "left for later",
         "nobody": "no class"}[one]
        for one in WHO
    ]  # fmt: skip


def test_each_control_changes_the_choice_and_says_so(filters, qtbot):
    heard = []
    filters.changed.connect(lambda: heard.append(filters.choice(2)))
    qtbot.mouseClick(filters.classes["no"], Qt.MouseButton.LeftButton)
    assert heard[-1].names == frozenset(CLASS_NAMES) - {"no"}
    qtbot.mouseClick(filters.this_one, Qt.MouseButton.LeftButton)
    assert heard[-1].micrograph == 2
    # None is open: nothing of it is shown.
    assert filters.choice(None).micrograph == -1
    filters.sorting.setCurrentIndex(3)
    filters.who.setCurrentIndex(2)
    assert (heard[-1].sorting, heard[-1].who) == (SORTINGS[3], WHO[2])
    assert len(heard) == 4
    qtbot.mouseClick(filters.this_one, Qt.MouseButton.LeftButton)
    assert heard[-1].micrograph is None


def test_a_class_shows_its_letter_number_meaning_and_colour(filters):
    filters.show_counts({"yes": 12, "null": 3})
    told = [filters.classes[name].text() for name in CLASS_NAMES]
    assert told == ["Y 12", "N 0", "U 3", "O 0", "? 0"]
    tips = [filters.classes[name].toolTip() for name in CLASS_NAMES]
    assert tips[0] == "Show or hide yes: resolved, with a visible defect"
    assert tips[-1] == "Show or hide no class yet"
    for name in CLASS_NAMES:
        button = filters.classes[name]
        assert button.focusPolicy() == Qt.FocusPolicy.NoFocus
        assert button.isChecked()
        paper = paper_of(button)
        colour = QColor(readable(HEX[name], paper)).getRgb()[:3]
        full, empty = (
            pixels(
                button.icon().pixmap(QSize(12, 12), QIcon.Mode.Normal, state).toImage()
            )
            for state in (QIcon.State.On, QIcon.State.Off)
        )
        assert full.shape == (12, 12, 4)
        # A pixel of paper, one of colour; within it colour, or paper again.
        assert full[0, 0, :3].tolist() == list(QColor(paper).getRgb()[:3])
        for picture in (full, empty):
            assert picture[1, 6, :3].tolist() == list(colour)
            assert picture[10, 10, :3].tolist() == list(colour)
        assert full[6, 6, :3].tolist() == list(colour)
        assert empty[6, 6, :3].tolist() == list(QColor(paper).getRgb()[:3])
        assert empty[2, 2, :3].tolist() == list(QColor(paper).getRgb()[:3])
