"""Quality of drawn speckle, whose spectrum is known in closed form."""

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.imaging.preprocessing import Prepared
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.quality.measurement import measure_quality
from napari_cdse.core.quality.speckle_spectrum import (
    WAVELENGTH_NM,
    Rings,
    SpeckleSpectrum,
    fit_spectrum,
)

PIXEL_NM = 0.04


def spectrum(
    defocus_nm=60.0, speckle=1.0, shot=0.1, white=0.005, sharpness=0.22, Cs_mm=0.0
):
    """A lens and a detector, on 14 nm of carbon."""
    lengths = [defocus_nm * WAVELENGTH_NM, 14 * WAVELENGTH_NM, 6.0, sharpness]
    focus, thickness, coherence, width = np.log(lengths)
    powers = np.log([speckle, shot, white])
    told = np.array([*powers, focus, Cs_mm, thickness, coherence, width])
    return SpeckleSpectrum(told, np.zeros(8), 4, 0.0, PIXEL_NM, 0.0)


def picture(model, size=768, seed=0, stretch=1.0, astigmatism=0.0, drift_nm=0.0):
    """Draw speckle of that spectrum.

    ``stretch`` makes it longer along the columns, ``astigmatism`` is a share of the
    defocus, ``drift_nm`` goes along the columns, too.
    """
    rows = np.fft.fftfreq(size)[:, None]
    cols = np.fft.rfftfreq(size)[None] * stretch
    radius = np.maximum(np.hypot(rows, cols), 1e-6)
    twice = 2 * np.arctan2(rows, cols)
    power = np.empty(radius.shape)
    drift = np.sinc(drift_nm / PIXEL_NM * cols) ** 2
    steps = np.linspace(-1, 1, 41)
    nearest = np.abs(np.cos(twice)[..., None] - steps).argmin(-1)
    for at, share in enumerate(steps):
        told = model.parameters.copy()
        told[3] += math.log1p(astigmatism * share)
        here = nearest == at
        with_rings, noise = replace(model, parameters=told).speckle_and_noise(
            radius[here], rings=True
        )
        power[here] = with_rings * np.broadcast_to(drift, radius.shape)[here] + noise
    white = np.random.default_rng(seed).normal(size=(size, size))
    drawn = np.fft.irfft2(np.fft.rfft2(white) * np.sqrt(power), (size, size))
    return Prepared(drawn.astype(np.float32), np.ones((size, size), bool))


def measured(**changes):
    shape = {
        name: changes.pop(name)
        for name in ("stretch", "astigmatism", "drift_nm", "size")
        if name in changes
    }
    return measure_quality(picture(spectrum(**changes), **shape), PIXEL_NM)


@pytest.mark.parametrize("defocus_nm", [35.0, 60.0, 110.0])
def test_rings_tell_the_defocus_within_its_error(defocus_nm):
    found = measured(defocus_nm=defocus_nm)
    assert found.defocus_error_nm < 0.15 * defocus_nm
    assert abs(found.defocus_nm - defocus_nm) < found.defocus_error_nm


def test_an_aberration_is_not_taken_for_defocus():
    assert measured(Cs_mm=0.8).defocus_nm == pytest.approx(60, rel=0.15)


def test_delocalisation_is_told_from_defocus_and_aberration():
    at = 1 / 0.35
    told = 60 * WAVELENGTH_NM * at
    assert measured().delocalisation_nm == pytest.approx(told, rel=0.1)
    told -= 0.8e6 * WAVELENGTH_NM**3 * at**3
    found = measured(Cs_mm=0.8).delocalisation_nm
    assert found == pytest.approx(told, rel=0.15)


def test_the_detector_and_the_noise_are_told_apart():
    found = measured()
    assert found.sharpness_per_px == pytest.approx(0.22, rel=0.1)
    assert found.white_noise == pytest.approx(0.005, rel=0.2)
    blurred = measured(sharpness=0.13)
    assert blurred.sharpness_per_px == pytest.approx(0.13, rel=0.1)


def test_the_information_limit_is_where_speckle_and_noise_are_alike():
    model = spectrum()
    per_px = np.linspace(0.05, 0.5, 5000)
    speckle, noise = model.speckle_and_noise(per_px)
    limit_nm = PIXEL_NM / per_px[np.flatnonzero(speckle > noise)[-1]]
    assert measured().information_limit_nm == pytest.approx(limit_nm, rel=0.05)


def test_more_noise_lowers_what_is_told_of_the_signal():
    clean, noisy = measured(), measured(shot=0.4)
    ratio = clean.signal_to_noise / noisy.signal_to_noise
    assert ratio == pytest.approx(4, rel=0.3)
    assert noisy.information_limit_nm > clean.information_limit_nm
    lost = measured(speckle=1e-4)
    assert lost.information_limit_nm is None


@pytest.mark.parametrize("stretch", [1.0, 1.05, 1.2])
def test_pixels_that_are_not_square_are_seen(stretch):
    assert measured(stretch=stretch).stretch == pytest.approx(stretch, abs=0.02)


def test_astigmatism_and_drift_are_told_apart_and_from_a_stretch():
    round_one = measured()
    assert round_one.astigmatism_nm < 1.5
    assert round_one.drift_nm < 0.03
    astigmatic = measured(astigmatism=0.1)
    assert astigmatic.astigmatism_nm == pytest.approx(6, abs=1.5)
    drifted = measured(drift_nm=0.08)
    assert drifted.drift_nm == pytest.approx(0.08, abs=0.015)
    assert max(astigmatic.stretch, drifted.stretch) < 1.03


def test_a_picture_smaller_than_a_window_tells_only_what_saving_did():
    assert measured(size=80) == MicrographQuality(PIXEL_NM, clipped=0.0)


def test_what_no_sum_of_speckle_and_noise_gives_tells_nothing():
    per_px = np.arange(4, 49) / 96
    power = np.where(np.arange(45) % 2, 1.0, 20.0)
    found = fit_spectrum(Rings(per_px, power, 1 / 96, PIXEL_NM))
    assert found is None or found.residual > 0.5


def test_figures_are_read_as_they_were_written():
    found = MicrographQuality(0.04, 0.2, stretch=1.01)
    assert MicrographQuality.from_dict(found.as_dict()) == found
    assert found.holds_at(0.04)
    assert not found.holds_at(0.041)
    assert not found.holds_at(None)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"pixel_size_nm": 0},
        {"pixel_size_nm": None},
        {"pixel_size_nm": 0.04, "stretch": -1},
        {"pixel_size_nm": 0.04, "stretch": math.inf},
        {"pixel_size_nm": 0.04, "stretch": True},
        {"pixel_size_nm": 0.04, "stretch": "1"},
        {"pixel_size_nm": 0.04, "colour": 1},
    ],
)
def test_what_is_no_figure_is_refused(told):
    with pytest.raises(ValueError, match=r"figure|number|pixel size"):
        MicrographQuality.from_dict(told)
