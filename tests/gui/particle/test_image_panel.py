"""The card's four pictures: how they are laid out, and what each of them shows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_cdse.core.crystal.bragg_peaks import BraggPeak
from napari_cdse.core.crystal.fault_line import FaultLine
from napari_cdse.core.crystal.geometric_phase import LocalFringes
from napari_cdse.core.crystal.particle_analysis import Examination, ExaminedFamily
from napari_cdse.core.features.sampling import REACH
from napari_cdse.core.records import Circle, Micrograph
from napari_cdse.gui.particle.image_panel import ImagePanel
from napari_cdse.gui.pictures.colour_images import (
    amplitude_colours,
    filtered_colours,
    phase_colours,
    phase_key,
)
from napari_cdse.gui.pictures.image_view import ImageView
from napari_cdse.gui.pictures.overlays import (
    Caption,
    ColourKey,
    Ring,
    ScaleBar,
    Spot,
    Ticks,
)
from napari_cdse.gui.pictures.scale import Scale
from tests.gui.painted import pixels

STEP, SIZE = 0.004, 101


def family(k_row, k_col, step_deg=None, sigma_deg=None, amplitude=2.0):
    """A family whose phase and amplitude are those of a few cells."""
    phase = np.array([[np.nan, 0.0], [1.0, -2.0]], np.float32)
    strength = np.array([[np.nan, 1.0], [amplitude, 0.5]], np.float32)
    step, sigma = (
        None if x is None else math.radians(x) for x in (step_deg, sigma_deg)
    )
    peak = BraggPeak(k_row, k_col, 1e-10 * np.eye(2), 30.0, 1.0)
    return ExaminedFamily(peak, LocalFringes(phase, strength), step, sigma)


def examined(*families, line=None):
    spectrum = np.random.default_rng(0).exponential(size=(SIZE, SIZE))
    filtered = np.array([[np.nan, 0.0], [1.0, -1.0]], np.float32)
    return Examination(
        families, line, None, spectrum.astype(np.float32), STEP, filtered
    )


FAMILIES = (family(0.1, 0.05, 118.6, 7.4), family(-0.02, 0.15, -3.2, 44.9, 5.0))


@pytest.fixture
def panel(qtbot):
    panel = ImagePanel()
    qtbot.addWidget(panel)
    return panel


def places(panel):
    """Row and column span of each picture, then of words and buttons."""
    grid = panel._grid
    parts = (*panel.pictures, panel.step, *panel.switch.buttons())
    return [grid.getItemPosition(grid.indexOf(each)) for each in parts]


def test_pictures_stand_two_above_two_or_in_a_row(panel):
    # Row, column, rows and columns taken.
    assert places(panel) == [
        (0, 0, 1, 2), (0, 2, 1, 2), (1, 0, 1, 2), (1, 2, 1, 2),
        (2, 0, 1, 2), (2, 2, 1, 1), (2, 3, 1, 1),
    ]  # fmt: skip
    grid = panel._grid
    assert [grid.columnStretch(at) for at in range(8)] == [1] * 4 + [0] * 4
    assert [grid.rowStretch(at) for at in range(3)] == [1, 1, 0]
    panel.set_flat(True)
    assert places(panel) == [
        (0, 0, 1, 2), (0, 2, 1, 2), (0, 4, 1, 2), (0, 6, 1, 2),
        (1, 0, 1, 4), (1, 4, 1, 2), (1, 6, 1, 2),
    ]  # fmt: skip
    assert [grid.columnStretch(at) for at in range(8)] == [1] * 8
    assert [grid.rowStretch(at) for at in range(3)] == [1, 0, 0]
    assert grid.spacing() == 4
    margins = grid.contentsMargins()
    assert (margins.left(), margins.top(), margins.right(), margins.bottom()) == (
        0,
    ) * 4


def words_px(panel) -> int:
    return panel.switch.buttons()[0].sizeHint().height() + 4


def test_a_high_area_has_two_rows_no_higher_than_broad(panel):
    panel.fit(420, 900, 200)
    assert places(panel)[2] == (1, 0, 1, 2)
    for picture in panel.pictures:
        size = picture.minimumSize()
        assert (size.width(), size.height()) == (92, 92)
    assert panel.maximumHeight() == words_px(panel) + 2 * (420 // 2 + 4)


def test_on_a_low_screen_pictures_lie_side_by_side(panel):
    """Four of 400 are 96 broad; above the rest only two of 60 would fit."""
    panel.fit(400, 120 + words_px(panel), 0)
    assert places(panel)[2] == (0, 4, 1, 2)
    edge = min(400 // 4 - 4, 120)
    for picture in panel.pictures:
        size = picture.minimumSize()
        assert (size.width(), size.height()) == (72, edge)
    assert panel.maximumHeight() == words_px(panel) + edge
    # As high as the area allows, and no less than the least.
    panel.fit(800, 150 + words_px(panel), 0)
    assert panel.pictures[0].minimumHeight() == 150
    assert panel.maximumHeight() == words_px(panel) + 196
    panel.fit(800, 50 + words_px(panel), 0)
    assert panel.pictures[0].minimumHeight() == 72


@pytest.mark.parametrize(
    ("width", "height", "rest", "is_flat"),
    [
        # A picture beside three others is 92 at least.
        (383, 200, 0, False), (384, 184, 0, True),
        # As large as in two rows is enough, smaller is not.
        (500, 242, 0, True), (500, 244, 0, False), (500, 300, 58, True),
    ],
)  # fmt: skip
def test_they_lie_flat_where_they_are_larger_so(panel, width, height, rest, is_flat):
    panel.fit(width, height + words_px(panel), rest)
    assert (places(panel)[2][0] == 0) == is_flat


def of(view, kind):
    return [mark for mark in view.marks if isinstance(mark, kind)]


def test_the_crop_has_its_circle_and_a_bar_of_two_nanometres(panel, qtbot):
    rng = np.random.default_rng(1)
    micrograph = Micrograph(rng.random((400, 400)).astype(np.float32), "m", "0")
    circle = Circle(200.0, 210.0, 60.0)
    with qtbot.waitSignal(panel.shown):
        panel.show_crop(micrograph, circle, Scale(0.04, 0.02), "#ff0000")
    edge = panel.crop.image.width()
    # Eight nanometres of 0.04, to a pixel.
    assert edge == pytest.approx(200, abs=1)
    (ring,) = of(panel.crop, Ring)
    assert (ring.diameter, ring.colour) == (pytest.approx(120 / edge), "#ff0000")
    (bar,) = of(panel.crop, ScaleBar)
    assert (bar.length, bar.text) == (pytest.approx(50 / edge), "about 2 nm")
    panel.show_crop(micrograph, circle, Scale(None), "#ff0000")
    assert of(panel.crop, ScaleBar) == []


def test_each_family_is_a_pair_of_spots_in_the_spectrum(panel):
    panel.show_examination(examined(*FAMILIES), 1, Scale(0.04))
    spots = of(panel.spectrum, Spot)
    x, y = 0.05 / (STEP * SIZE), 0.1 / (STEP * SIZE)
    assert [(one.x, one.y) for one in spots[:2]] == [
        pytest.approx((0.5 + x, 0.5 + y)),
        pytest.approx((0.5 - x, 0.5 - y)),
    ]
    told = [(one.number, one.colour, one.width_px) for one in spots]
    pale, gold = "#f5f5f5", "#ffd166"
    assert told == [
        ("1", pale, 1.2),
        ("", pale, 0.6),
        ("2", gold, 1.2),
        ("", gold, 0.6),
    ]
    (bar,) = of(panel.spectrum, ScaleBar)
    # Two per nanometre are 0.08 cycles per pixel of 0.04 nm.
    assert bar.length == pytest.approx(0.08 / (STEP * SIZE))
    assert bar.text == "2 nm⁻¹"
    panel.show_examination(examined(*FAMILIES), 1, Scale(0.04, 0.01))
    assert of(panel.spectrum, ScaleBar)[0].text == "≈ 2 nm⁻¹"
    panel.show_examination(examined(*FAMILIES), 1, Scale(None))
    assert of(panel.spectrum, ScaleBar) == []
    assert len(of(panel.spectrum, Spot)) == 4


def shown_colours(view):
    return pixels(view.image)


def test_phase_amplitude_and_filtered_picture_are_those_of_the_chosen_family(
    panel, qtbot
):
    line = FaultLine(0.3, -0.4)
    panel.show_examination(examined(*FAMILIES, line=line), 1, Scale(0.04))
    local = FAMILIES[1].local
    assert np.array_equal(shown_colours(panel.phase), phase_colours(local.phase_rad))
    assert np.array_equal(
        shown_colours(panel.other), amplitude_colours(local.amplitude)
    )
    told = [[one.text for one in of(v, Caption)] for v in (panel.phase, panel.other)]
    assert told == [["phase of 2"], ["amplitude of 2"]]
    (key,) = of(panel.phase, ColourKey)
    assert (key.colours, key.low, key.high) == (phase_key(), "-π", "π")
    radius = 0.5 / REACH
    for view in (panel.phase, panel.other):
        (ring,) = of(view, Ring)
        assert ring == Ring(2 * radius, "#808080", 0.8, 1.0)
        (ticks,) = of(view, Ticks)
        assert ticks == Ticks(0.3, -0.4 * radius, radius, 0.5 - radius)
    amplitude, filtered = panel.switch.buttons()
    assert (amplitude.isChecked(), filtered.isChecked()) == (True, False)
    with qtbot.waitSignal(panel.shown):
        filtered.click()
    wanted = filtered_colours(panel.examined[0].filtered)
    assert np.array_equal(shown_colours(panel.other), wanted)
    assert [one.text for one in of(panel.other, Caption)] == ["filtered"]
    assert "soft mask" in panel.other.toolTip()
    amplitude.click()
    assert "How strong the chosen" in panel.other.toolTip()
    assert [one.text for one in of(panel.other, Caption)] == ["amplitude of 2"]


@pytest.mark.parametrize(
    ("chosen", "line", "words"),
    [
        (0, FaultLine(0.3, 0.1), "phase step 119 ± 7°"),
        # Up to 45 degrees of uncertainty; the sign is that of the direction.
        (1, FaultLine(0.3, 0.1), "phase step 3 ± 45°"),
        (2, FaultLine(0.3, 0.1), "phase step too uncertain"),
        (3, FaultLine(0.3, 0.1), "phase step too uncertain"),
        (0, None, "no fault line found"),
        (None, None, "no clear fringes"),
    ],
)
def test_the_step_is_told_as_far_as_it_is_sure(panel, chosen, line, words):
    families = (*FAMILIES, family(0.1, 0.1, 60.0, 45.1), family(0.1, 0.1))
    panel.show_examination(examined(*families, line=line), chosen, Scale(0.04))
    assert panel.step.text() == words
    assert panel.phase.empty == panel.other.empty == (chosen is None)
    assert not panel.spectrum.empty


def test_without_a_particle_nothing_is_left(panel, qtbot):
    panel.show_examination(examined(*FAMILIES), 0, Scale(0.04))
    with qtbot.waitSignal(panel.shown):
        panel.clear()
    assert all(picture.empty for picture in panel.pictures)
    assert panel.step.text() == ""
    assert panel.examined is None
    # Other pictures of nothing are nothing.
    panel.switch.buttons()[1].click()
    assert panel.other.empty


def test_each_picture_says_what_it_is_and_which_one_is_to_be_enlarged(panel, qtbot):
    heads = ("The particle, always 8 nm", "Its power spectrum", "Geometric phase")
    for picture, words in zip(panel.pictures, heads, strict=False):
        assert picture.toolTip().removeprefix("<qt>").startswith(words)
    assert "stacking fault gives 120°" in panel.step.toolTip().replace("\n", " ")
    for picture in panel.pictures:
        with qtbot.waitSignal(panel.enlarging) as heard:
            picture.enlarging.emit()
        assert heard.args == [picture]
        assert isinstance(picture, ImageView)
    with qtbot.waitSignal(panel.peak_chosen) as heard:
        panel.pointer.chosen.emit(3)
    assert heard.args == [3]
