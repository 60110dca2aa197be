"""The lattice tells the pixel size, or the program says that it cannot."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from napari_cdse.core.crystal.lattice import REFLECTIONS, FringePrior, spacing_density
from napari_cdse.core.imaging.pixel_size_estimate import (
    doubts_about,
    estimate_pixel_size,
    pixel_size_for,
)
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.material import Material
from napari_cdse.core.pixel_size import (
    TYPICAL_PIXEL_SIZE_NM,
    PixelSize,
    PixelSizeSource,
)
from napari_cdse.core.records import Circle, Micrograph
from tests.core.drawn import Dot, draw


@pytest.mark.parametrize("pixel_nm", [0.018, 0.028, 0.04, 0.065])
def test_pixel_size_from_three_dots(pixel_nm: float) -> None:
    shape = (round(22 / pixel_nm), round(26 / pixel_nm))
    places = ((4, 4, 20.0), (17, 5, 70.0), (8, 20, 130.0))
    dots = tuple(
        Dot(
            Circle(row / pixel_nm, col / pixel_nm, 2.1 / pixel_nm),
            ((0.35, angle), (0.35, angle + 70)),
            amplitude=2.0,
        )
        for row, col, angle in places
    )
    drawn = draw(shape, dots, pixel_nm=pixel_nm, seed=20, known_scale=False)
    estimate = estimate_pixel_size(drawn)
    assert estimate.pixel_size.source == "estimated"
    assert estimate.pixel_size.nm == pytest.approx(pixel_nm, rel=0.03)
    assert f"{estimate.pixel_size.nm:.4f} nm" in estimate.sentence


def test_a_lens_that_passes_fine_spacings_best_misleads_nobody() -> None:
    """{220} and (103) outshine {111}, 1.7 times as coarse, and are not taken for it."""
    fine = [((0.214, 20.0 + turn), (0.1979, 80.0 + turn)) for turn in (0, 31, 62)]
    mixed = [((0.214, 50.0 + turn), (0.3494, 110.0 + turn)) for turn in (0, 17, 34)]
    places = ((90, 90), (90, 260), (90, 430), (260, 90), (260, 260), (260, 430))
    dots = tuple(
        Dot(Circle(row, col, 60), families, amplitude=2.0)
        for (row, col), families in zip(places, fine + mixed, strict=True)
    )
    drawn = draw((520, 520), dots, pixel_nm=0.03, seed=2, known_scale=False)
    assert estimate_pixel_size(drawn).pixel_size.nm == pytest.approx(0.03, rel=0.03)


def test_one_rare_reflection_of_one_dot_is_no_proof() -> None:
    families = ((0.214, 10.0), (0.214, 70.0), (0.214, 130.0))
    dots = (Dot(Circle(250, 200, 45), families, amplitude=2.0),)
    drawn = draw((500, 500), dots, seed=40, known_scale=False)
    assert estimate_pixel_size(drawn).pixel_size.source != "estimated"


@pytest.mark.parametrize("seed", range(3))
def test_speckle_alone_tells_nothing(seed: int) -> None:
    drawn = draw((700, 600), seed=30 + seed, known_scale=False)
    estimate = estimate_pixel_size(drawn)
    assert estimate.pixel_size.source == "assumed"
    assert estimate.pixel_size.nm == TYPICAL_PIXEL_SIZE_NM
    assert "set the true one" in estimate.sentence


@pytest.mark.parametrize("blur_px", [1.0, 3.0, 5.0])
def test_a_blurred_picture_tells_nothing(blur_px: float) -> None:
    noise = np.random.default_rng(6).normal(size=(500, 600))
    pixels = gaussian_filter(noise, blur_px).astype(np.float32)
    found = estimate_pixel_size(Micrograph(pixels, "blurred", "0"))
    assert found.pixel_size.source == "assumed"


def test_an_estimate_holds_what_it_claims() -> None:
    """Eight micrographs of four dots: errors as large as claimed, and no bias."""
    pulls, errors = [], []
    for seed, pixel_nm in enumerate(np.geomspace(0.02, 0.045, 8)):
        shape = (round(26 / pixel_nm), round(26 / pixel_nm))
        places = ((5, 5, 20.0), (5, 20, 70.0), (20, 5, 130.0), (20, 20, 0.0))
        dots = tuple(
            Dot(
                Circle(row / pixel_nm, col / pixel_nm, 2.1 / pixel_nm),
                ((0.3509, angle), (0.3509, angle + 70), (0.2149, angle + 35)),
                amplitude=2.0,
            )
            for row, col, angle in places
        )
        drawn = draw(shape, dots, pixel_nm=pixel_nm, seed=seed, known_scale=False)
        size = estimate_pixel_size(drawn).pixel_size
        assert size.source is PixelSizeSource.ESTIMATED
        errors.append(np.log(size.nm / pixel_nm))
        pulls.append(errors[-1] / size.uncertainty)
    assert abs(np.mean(errors)) < 0.005
    assert np.abs(pulls).max() < 3.5


@pytest.mark.parametrize("cut_percent", [10, 20])
@pytest.mark.parametrize("pixel_nm", [0.035, 0.045])
def test_overtones_of_a_clipped_contrast_are_no_lattice(
    pixel_nm: float, cut_percent: float
) -> None:
    """Black and white were cut off at both ends, as by a slider for the contrast."""
    places = [(90, 90), (90, 300), (300, 90), (300, 300), (200, 480), (480, 200)]
    dots = tuple(
        Dot(Circle(row, col, 70), ((0.351, 25.0 * n), (0.351, 25.0 * n + 70.5)), 6.0)
        for n, (row, col) in enumerate(places)
    )
    drawn = draw((580, 580), dots, pixel_nm=pixel_nm, seed=2, known_scale=False)
    ends = np.percentile(drawn.pixels, (cut_percent, 100 - cut_percent))
    clipped = np.clip(drawn.pixels, *ends)
    size = estimate_pixel_size(replace(drawn, pixels=clipped)).pixel_size
    assert size.source is PixelSizeSource.ESTIMATED
    assert size.nm == pytest.approx(pixel_nm, rel=0.01)


@pytest.mark.parametrize(("high", "wide"), [(1, 1.35), (1.35, 1)])
def test_pixels_that_are_not_square_are_noticed(high: float, wide: float) -> None:
    """The picture was squeezed along one axis, as by a video camera."""
    places = [(90, 90), (90, 300), (300, 90), (300, 300), (200, 480), (480, 200)]
    dots = tuple(
        Dot(Circle(row, col, 60), ((0.35, 30.0 * n), (0.35, 30.0 * n + 70)), 2.0)
        for n, (row, col) in enumerate(places)
    )
    drawn = draw((560, 560), dots, pixel_nm=0.035, seed=3, known_scale=False)
    square = estimate_pixel_size(drawn)
    assert square.stretch is None
    squeezed = zoom(drawn.pixels, (1 / high, 1 / wide), order=1)
    found = estimate_pixel_size(replace(drawn, pixels=squeezed))
    assert found.stretch == pytest.approx(high / wide, rel=0.06)
    assert found.pixel_size.source is PixelSizeSource.UNSURE
    assert "do not seem to be square" in found.sentence


@pytest.mark.parametrize(
    ("said_nm", "words"), [(0.02, "times as much"), (0.08, "times as little")]
)
def test_a_doubt_says_which_way_a_given_size_is_off(said_nm, words) -> None:
    """The lattice's own size is 0.04 nm: twice what was said, or half of it."""
    places = [(row, col) for row in (100, 350) for col in (100, 350, 600)]
    dots = tuple(
        Dot(Circle(*place, 52.0), ((0.35, 31 * n), (0.214, 31 * n + 55)), 2.0)
        for n, place in enumerate(places)
    )
    drawn = draw((450, 700), dots, pixel_nm=0.04, seed=20)
    (doubt,) = doubts_about(said_nm, prepare(drawn.pixels), 64 * said_nm)
    assert words in doubt
    assert "fringes of at least" in doubt


def test_a_given_pixel_size_is_not_doubted() -> None:
    drawn = draw((128, 128), pixel_nm=0.05)
    assert pixel_size_for(drawn) == (PixelSize(0.05, PixelSizeSource.PERSON), ())
    unknown = draw((256, 256), pixel_nm=0.05, known_scale=False)
    size, notices = pixel_size_for(unknown)
    assert size.source is PixelSizeSource.ASSUMED
    assert size.nm == TYPICAL_PIXEL_SIZE_NM
    assert len(notices) == 1


def test_spacing_density_peaks_at_the_close_packed_planes() -> None:
    spacing = np.geomspace(0.17, 0.45, 4000)
    density = spacing_density(spacing, (0.17, 0.45))
    assert np.trapezoid(density, np.log(spacing)) == pytest.approx(1.0, abs=0.02)
    assert spacing[density.argmax()] == pytest.approx(0.35, abs=0.01)
    assert density.min() > 0


def test_penalty_is_least_at_the_strongest_reflection() -> None:
    prior = FringePrior((0.17, 0.45), 0.04)
    spacings = np.array([line.spacing_nm for line in REFLECTIONS] + [0.28, 0.42])
    penalties = dict(zip(spacings, prior.penalty(0.04 / spacings), strict=True))
    assert penalties[0.3494] < 0.1
    assert penalties[0.3494] < penalties[0.214] < penalties[0.28]
    even = FringePrior((0.17, 0.45), 0.04, lattice=False)
    assert not even.penalty(0.04 / spacings).any()


@pytest.mark.parametrize(
    "material",
    [
        Material("PbS", "rock salt", "Pb", "S", 0.4197, 0.3427),
        Material("Au", "fcc", "Au", "", 0.2884, 0.2355),
    ],
    ids=lambda material: material.name,
)
def test_another_lattice_tells_the_pixel_size_where_it_is_named(material) -> None:
    pixel_nm = 0.035
    coarse = material.layer_nm
    families = (coarse, coarse * np.sqrt(3) / 2)  # {111} and {200}, 54.7 deg apart
    places = ((4, 4, 20.0), (17, 5, 70.0), (8, 20, 130.0), (15, 16, 200.0))
    dots = tuple(
        Dot(
            Circle(row / pixel_nm, col / pixel_nm, 2.1 / pixel_nm),
            ((families[0], angle), (families[1], angle + 54.7)),
            amplitude=2.0,
        )
        for row, col, angle in places
    )
    shape = (round(22 / pixel_nm), round(26 / pixel_nm))
    drawn = draw(shape, dots, pixel_nm=pixel_nm, seed=20, known_scale=False)
    estimate = estimate_pixel_size(drawn, material)
    assert estimate.pixel_size.source == "estimated"
    assert estimate.pixel_size.nm == pytest.approx(pixel_nm, rel=0.01)
    assert f"from the {material.name} lattice" in estimate.sentence
    as_cdse = estimate_pixel_size(drawn).pixel_size
    assert as_cdse.nm != pytest.approx(pixel_nm, rel=0.05)
    given = prepare(drawn.pixels)
    assert doubts_about(pixel_nm, given, 4.0, material) == ()
