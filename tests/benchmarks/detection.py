"""From pixels to classes, against the bare FFT of as many windows."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import fft

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.imaging.sliding_fft import power_spectra, window_grid
from napari_cdse.core.params import DetectionParams
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import analyse
from napari_cdse.resources import default_model_path
from tests.benchmarks.measuring import Row, Step, sample_micrograph, scaled, timed

TITLE = "1024 x 1024, one core"
ORIGIN_WINDOWS = 3600
ORIGIN_WINDOW_PX = 64


def rows(quick: bool = False) -> Iterator[Row]:
    return map(timed, steps())


def bare_fft(count: int, window_px: int) -> Callable[[], object]:
    windows = np.random.default_rng(0).normal(size=(count, window_px, window_px))
    single = windows.astype(np.float32)
    return lambda: fft.rfft2(single, workers=1)


def origins_fft() -> Callable[[], object]:
    """Transform the windows that the published code looks at in 1024 px."""
    return bare_fft(ORIGIN_WINDOWS, ORIGIN_WINDOW_PX)


def steps() -> list[Step]:
    micrograph = sample_micrograph()
    params, usual = DetectionParams(method="bragg"), DetectionParams()
    model = load_model(default_model_path())
    found = detect(micrograph, params)
    window_px = found.window_px
    known = scaled(micrograph, found.pixel_size_nm)
    step_px = max(1, round(window_px * params.step_fraction))
    grid = window_grid(micrograph.shape, window_px, step_px)
    same = bare_fft(len(grid.rows_px) * len(grid.cols_px), window_px)
    return [
        Step(
            "sliding FFT / same windows",
            lambda: [strip for _, strip in power_spectra(micrograph.pixels, grid)],
            same,
            1.3,
        ),
        Step(
            "map and circles by bragg / same windows",
            lambda: detect(known, params),
            same,
            4,
        ),
        Step(
            "the same, scale estimated / same windows",
            lambda: detect(micrograph, params),
            same,
            4,
        ),
        Step(
            "pixels to classes by bragg / 3600 windows of 64 px",
            lambda: analyse(micrograph, model, params),
            origins_fft(),
            7,
        ),
        Step(
            f"pixels to classes by {usual.method}, as usual / the same",
            lambda: analyse(micrograph, model, usual),
            origins_fft(),
            14,
        ),
    ]
