"""The confusion matrix as it is drawn: where cells lie, how dark they are."""

from __future__ import annotations

import re

import numpy as np
import pytest
from qtpy.QtCore import QBuffer, QEvent, QIODevice
from qtpy.QtGui import QColor, QFontMetricsF, QPalette
from qtpy.QtSvg import QSvgGenerator

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.canvas.class_colours import HEX, readable
from napari_cdse.gui.widgets.confusion_matrix import ConfusionView
from napari_cdse.gui.widgets.layout import paper_of
from tests.gui.painted import bounds, pixels
from tests.gui.paints import Count, wait_until_drawn

PAPER, INK, FILL = (0, 0, 0), (255, 255, 255), (79, 143, 221)
KINDS = tuple(enumerate(CLASSES))
COUNTS = np.array([[8, 0, 0, 0], [3, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 5]])


@pytest.fixture
def matrix(qtbot):
    view = ConfusionView("new forest")
    qtbot.addWidget(view)
    palette = QPalette(QColor("#202020"))
    palette.setColor(QPalette.ColorRole.Window, QColor(*PAPER))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(*INK))
    view.setPalette(palette)
    return view


def texts(view) -> list[tuple[float, float, str]]:
    """What a widget writes: left edge and base line in px, and the text."""
    buffer, made = QBuffer(), QSvgGenerator()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    made.setOutputDevice(buffer)
    made.setSize(view.size())
    view.render(made)
    svg = bytes(buffer.data()).decode()
    one = r'<text[^>]* x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)</text>'
    found = re.findall(one, svg)
    return [(float(left), float(base), text) for left, base, text in found]


def middle(view, left: float, text: str) -> float:
    return left + QFontMetricsF(view.font()).horizontalAdvance(text) / 2


def drawn(view, width=400):
    view.resize(width, view.sizeHint().height())
    return pixels(view.grab().toImage())[..., :3].astype(int)


def line_of(view) -> float:
    return QFontMetricsF(view.font()).height()


def cell(view, row, col, width=400, names=3, recall=False):
    """Left, top, width and height of a cell, worked out from a line's height."""
    line = line_of(view)
    room = width - 1.4 * line - (3.0 * line if recall else 0)
    edge = min(room / names, 4.5 * line)
    return 1.4 * line + col * edge, (2.4 + 1.6 * row) * line, edge, 1.6 * line


@pytest.mark.parametrize("width", [400, 130])
@pytest.mark.parametrize("recall", [False, True])
def test_a_cell_is_the_darker_the_larger_its_share_of_the_row(matrix, width, recall):
    told = dict.fromkeys(CLASSES, 0.5) if recall else None
    matrix.show_counts(COUNTS, told)
    picture = drawn(matrix, width)
    shares = [[1, 0, 0], [0.75, 0.25, 0], [0, 0, 1]]
    for row in range(3):
        for col in range(3):
            left, top, wide, high = cell(matrix, row, col, width, recall=recall)
            # Beside the number, a quarter of a line from the edges of the cell.
            inside = picture[
                round(top + 4) : round(top + high - 4),
                round(left + 3) : round(left + 5),
            ]
            opacity = 0.6 * shares[row][col]
            wanted = [opacity * each for each in FILL]
            assert np.median(inside, axis=(0, 1)) == pytest.approx(wanted, abs=3)
            assert wide > 15


def test_a_frame_says_which_cells_are_right(matrix):
    """Half as bright as ink where both say the same, hardly seen elsewhere."""
    matrix.show_counts(COUNTS)
    picture = drawn(matrix)
    for row, col in ((0, 1), (1, 2), (2, 0)):
        left, top, _, high = cell(matrix, row, col)
        column = picture[round(top + high / 2) - 2 : round(top + high / 2) + 2]
        brightest = column[:, round(left) : round(left) + 4].max(axis=(0, 1))
        # 15 % of ink; a line between two pixels has less in each of them.
        assert (brightest > 12).all()
        assert (brightest < 50).all()
    left, top, _, high = cell(matrix, 2, 2)
    edge = picture[
        round(top + 6) : round(top + high - 6), round(left) : round(left) + 3
    ]
    assert edge.max() > 150


def ink_in(picture, left, top, wide, high):
    part = picture[round(top) : round(top + high), round(left) : round(left + wide)]
    return (part.min(axis=-1) > 170).any()


def test_counts_letters_and_recall_stand_where_they_belong(matrix):
    recall = {"yes": 1.0, "no": 0.25, "null": float("nan"), "empty": 0.5}
    matrix.show_counts(COUNTS, recall)
    assert matrix.names == ("yes", "no", "empty")
    assert matrix.counts == [[8, 0, 0], [3, 1, 0], [0, 0, 5]]
    assert matrix.recalls == ("1.00", "0.25", "0.50")
    picture, line = drawn(matrix), line_of(matrix)
    _, _, edge, high = cell(matrix, 0, 0, recall=True)
    end = 1.4 * line + 3 * edge
    assert ink_in(picture, 0, 0, 6 * line, line)
    assert not ink_in(picture, end + 3 * line + 2, line, 400, 400)
    assert ink_in(picture, end, 1.2 * line, 3 * line, line)
    for at, name in enumerate(matrix.names):
        assert ink_in(picture, 1.4 * line + at * edge + 4, 1.2 * line, edge - 8, line)
        # Below each letter a stroke in the colour of its class, with soft edges.
        colour = QColor(readable(HEX[name], paper_of(matrix))).getRgb()[:3]
        for right, bottom in (
            (1.4 * line + (at + 0.5) * edge, 2.2 * line),
            (0.7 * line, (2.4 + 1.6 * (at + 1)) * line),
        ):
            stroke = picture[
                round(bottom) - 2 : round(bottom) + 1,
                round(right) - 4 : round(right) + 4,
            ]
            assert np.abs(stroke[..., :3] - colour).max(axis=-1).min() < 80
        assert ink_in(picture, 0, (2.4 + 1.6 * at) * line + 3, 1.4 * line, high - 6)
        assert ink_in(picture, end, (2.4 + 1.6 * at) * line, 3 * line, high)
        for to in range(3):
            left, top, wide, tall = cell(matrix, at, to, recall=True)
            assert ink_in(picture, left + 5, top + 4, wide - 10, tall - 8)
    matrix.show_counts(COUNTS)
    assert matrix.recalls == ()
    without = drawn(matrix)
    assert not ink_in(without, end + 3, 1.2 * line, 3 * line, 20 * line)


def test_each_number_stands_in_the_row_and_below_the_heading_that_it_is_of(matrix):
    """The texts themselves, where they are drawn: ink alone could be any number's."""
    shares = {name: COUNTS[at, at] / max(COUNTS[at].sum(), 1) for at, name in KINDS}
    matrix.show_counts(COUNTS, shares)
    matrix.resize(400, matrix.sizeHint().height())
    found: dict[float, list[tuple[float, str]]] = {}
    for left, base, text in texts(matrix):
        found.setdefault(base, []).append((left, text))
    lines = [sorted(found[base]) for base in sorted(found)]
    assert [[text for _, text in line] for line in lines] == [
        ["new forest"],
        ["Y", "N", "O", "recall"],
        ["Y", "8", "0", "0", "1.00"],
        ["N", "3", "1", "0", "0.25"],
        ["O", "0", "0", "5", "1.00"],
    ]
    # Middle below middle, to the width of a letter.
    (*_, heading), *rows = lines[1:]
    for *_, number in rows:
        assert abs(middle(matrix, *number) - middle(matrix, *heading)) < 3


def test_it_asks_for_the_room_that_its_classes_take(matrix):
    matrix.show_counts(COUNTS)
    line = line_of(matrix)
    assert matrix.sizeHint().width() == round(9 * line)
    assert matrix.sizeHint().height() == round((3 * 1.6 + 2.4) * line)
    assert matrix.minimumSizeHint().width() == round(7 * line)
    assert matrix.minimumSizeHint().height() == matrix.sizeHint().height()
    policy = matrix.sizePolicy()
    assert policy.horizontalPolicy() == policy.Policy.Expanding
    assert policy.verticalPolicy() == policy.Policy.Fixed


def test_words_tell_every_count_that_is_not_none(matrix):
    matrix.show_counts(COUNTS)
    assert matrix.toolTip().split("\n") == [
        "Your labels by row, the forest's words by column",
        "8 of your yes called yes",
        "3 of your no called yes",
        "1 of your no called no",
        "5 of your empty called empty",
    ]


def test_two_people_are_named_whatever_their_names_hold(matrix):
    matrix.name_sides("A{0}da", "B}o")
    matrix.show_counts(COUNTS)
    assert matrix.toolTip().split("\n")[:3] == [
        "A{0}da by row, B}o by column",
        "8 that A{0}da calls yes and B}o yes",
        "3 that A{0}da calls no and B}o yes",
    ]
    bare = drawn(matrix)
    assert bounds(bare[: round(line_of(matrix))].min(axis=-1) > 170)[0] < 8


def test_other_counts_are_drawn_at_once(matrix, qtbot):
    matrix.show_counts(COUNTS)
    matrix.resize(300, 200)
    with qtbot.waitExposed(matrix):
        matrix.show()
    paints = Count(matrix, QEvent.Type.Paint)
    # Of as many classes, so that it needs no other room.
    wait_until_drawn(qtbot, paints, lambda: matrix.show_counts(2 * COUNTS))


def test_without_counts_nothing_is_drawn(matrix):
    matrix.show_counts(np.zeros((4, 4), int))
    assert matrix.names == ()
    assert (drawn(matrix) == np.array(PAPER)).all()
