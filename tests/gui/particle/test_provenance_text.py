"""What the card says and how it is drawn: statements, crops, colours, spacings."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from napari_cdse.core.crystal.bragg_peaks import BraggPeak
from napari_cdse.core.crystal.crops import crop, field_px, stretched
from napari_cdse.core.records import Annotation, Circle, Prediction
from napari_cdse.gui.particle.provenance_text import history, person_says, when
from napari_cdse.gui.pictures.colour_images import phase_colours
from napari_cdse.gui.pictures.peak_words import planes_of, planes_words, spacing_words
from napari_cdse.gui.pictures.scale import Scale
from tests.gui.conftest import (
    PIXEL_NM,
)

NOW = datetime(2026, 11, 24, 16, 0).astimezone()


def annotation(**values) -> Annotation:
    shown = Prediction("p", "m", (0.81, 0.1, 0.05, 0.04))
    return Annotation(
        **{
            "id": "a",
            "particle_id": "p",
            "micrograph_id": "",
            "circle": Circle(1, 1, 1),
            "label": "no",
            "origin": "corrected",
            "annotator": "Ann",
            "time": (NOW - timedelta(hours=2)).isoformat(),
            "shown": shown,
            "prediction_seen": True,
            **values,
        }
    )


def test_a_statement_says_who_what_when_and_what_the_forest_said():
    def name(_id):
        return "first forest"

    words = "Ann: no, today 14:00, corrected; forest said yes (0.81) at the time"
    assert person_says(annotation(), now=NOW) == words
    assert person_says(annotation(), name, NOW) == f"{words}, by first forest"
    hidden = person_says(annotation(prediction_seen=False), name, NOW)
    assert "at the time, out of view, by first forest" in hidden
    file = annotation(annotator="m1.txt", origin="imported", shown=None)
    assert person_says(file, name, NOW) == "m1.txt: no, today 14:00, imported"
    # Before a label is given the forest's word may have to stay hidden.
    for unjudged in ({"label": None}, {"label": None, "deferred": True}):
        assert "forest" not in person_says(annotation(**unjudged), name, NOW)
    note = annotation(label=None, origin="confirmed", note="odd")
    assert person_says(note, now=NOW) == "Ann: wrote a note, today 14:00"
    lines = history([annotation(), annotation(annotator="Bob")], name, NOW)
    assert [line[:3] for line in lines.splitlines()] == ["Bob", "Ann"]


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(minutes=5), "today 15:55"),
        (timedelta(hours=20), "yesterday 20:00"),
        (timedelta(days=21), f"3 {NOW - timedelta(days=21):%b} 2026 16:00"),
    ],
)
def test_times_are_told_in_words(ago, words):
    assert when((NOW - ago).isoformat(), NOW) == words


def test_what_is_no_time_is_told_as_it_is():
    assert when("long ago", NOW) == "long ago"


@pytest.mark.parametrize(
    ("radius_px", "edge_nm"), [(20, 8), (79, 8), (81, 12), (200, 20)]
)
def test_crops_show_the_same_field_unless_the_particle_is_larger(radius_px, edge_nm):
    pixels = np.zeros((64, 64), np.float32)
    circle = Circle(5, 60, radius_px)
    edge_px, told = field_px(circle, PIXEL_NM)
    assert told == edge_nm
    square = crop(pixels, circle, edge_px)
    assert len(square) * PIXEL_NM == pytest.approx(edge_nm, abs=2 * PIXEL_NM)
    assert np.isnan(square[0, 0])
    assert square[len(square) // 2, len(square) // 2] == 0


def test_without_a_pixel_size_a_crop_shows_the_particle_alone():
    assert field_px(Circle(5, 5, 20), None) == (50, None)


def test_gray_values_saturate_outliers_only():
    rng = np.random.default_rng(0)
    square = rng.normal(size=(101, 101)).astype(np.float32)
    square[3, 3] = 1e6
    values = stretched(square)
    assert values.min() == 0
    assert values.max() == 1
    assert 0.4 < np.median(values) < 0.6


def test_phase_colours_go_round():
    colours = phase_colours(np.array([[-np.pi, np.pi, 0.0, np.nan]], np.float32))[0]
    assert np.abs(colours[0, :3].astype(int) - colours[1, :3]).max() < 8
    assert np.abs(colours[0, :3].astype(int) - colours[2, :3]).max() > 100
    assert list(colours[:, 3]) == [255, 255, 255, 0]


def peak(spacing_nm: float, relative: float) -> BraggPeak:
    k = PIXEL_NM / spacing_nm
    return BraggPeak(0.0, k, np.eye(2) * (relative * k) ** 2, 50.0, 0.5)


@pytest.mark.parametrize(
    ("relative", "sigma", "words"),
    [
        (0.02, 0.0, "0.350 ± 0.007"),
        (0.004, 0.0, "0.3500 ± 0.0014"),
        (0.0002, 0.0, "0.3500 ± 0.0001"),
        (0.004, 0.015, "0.350 ± 0.005"),
        (0.08, 0.0, "0.35 ± 0.03"),
    ],
)
def test_a_spacing_has_as_many_digits_as_its_uncertainty_leaves(relative, sigma, words):
    assert spacing_words(peak(0.35, relative), Scale(PIXEL_NM, sigma)) == words


def test_without_a_pixel_size_spacings_are_in_pixels_and_no_planes_are_named():
    one = peak(0.35, 0.01)
    assert spacing_words(one, Scale(None)) == "8.75 ± 0.09"
    assert planes_of(one, Scale(None)) == ()


def test_planes_that_cannot_be_told_apart_are_all_named():
    words = planes_words(planes_of(peak(0.35, 0.003), Scale(PIXEL_NM)))
    assert words == "wz {002}, zb {111}"
