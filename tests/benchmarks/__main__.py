"""Speed and memory as ratios within one run: ``make bench``.

Every step is timed several times in turn with the bare FFT of the same windows, so
that a machine that slows down slows both; the table gives the median of the ratios.
A second table says where the time from pixels to classes goes.
Limits are goals, printed beside what was measured; nothing fails here.
"""

import cProfile
import pstats
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import fft

from napari_cdse.batch import analyse
from napari_cdse.core.detection import detect
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph, PixelSizeSource
from napari_cdse.core.sliding_fft import power_spectra, window_grid
from napari_cdse.io.micrograph_file import read_micrograph
from napari_cdse.io.model_file import load_model
from napari_cdse.resources import default_model_path, sample_data_dir

ROUNDS = 5
ORIGIN_WINDOWS = 3600
ORIGIN_WINDOW_PX = 64
PARTS = {
    "prepare": "spikes and flat areas",
    "estimate_from_pixels": "pixel size from the lattice",
    "background_near": "background, where not yet known",
    "whiten": "whitening",
    "respond": "template search",
    "look_again": "second look at its maxima",
    "peel": "disk fits",
    "compute_features": "features",
    "predict_proba": "forest",
}
"""Functions whose share of the whole is printed; none calls another."""


@dataclass(frozen=True)
class Step:
    """Something to time against something else."""

    name: str
    run: Callable[[], object]
    bare: Callable[[], object]
    limit: float


def seconds(run: Callable[[], object]) -> float:
    """Return processor time, which other people's work hardly moves."""
    start = time.process_time()
    run()
    return time.process_time() - start


def ratio(step: Step) -> tuple[float, float]:
    """Return the median time in seconds and the median ratio to the bare FFT."""
    step.run()
    step.bare()
    pairs = [(seconds(step.run), seconds(step.bare)) for _ in range(ROUNDS)]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(one / bare for one, bare in pairs),
    )


def bare_fft(count: int, window_px: int) -> Callable[[], object]:
    windows = np.random.default_rng(0).normal(size=(count, window_px, window_px))
    single = windows.astype(np.float32)
    return lambda: fft.rfft2(single, workers=1)


def scaled(micrograph: Micrograph, pixel_size_nm: float | None) -> Micrograph:
    source: PixelSizeSource | None = None if pixel_size_nm is None else "person"
    return replace(micrograph, pixel_size_nm=pixel_size_nm, pixel_size_source=source)


def steps(micrograph: Micrograph) -> list[Step]:
    params = DetectionParams()
    model = load_model(default_model_path())
    found = detect(micrograph, params)
    window_px = found.window_px
    known = scaled(micrograph, found.pixel_size_nm)
    step_px = max(1, round(window_px * params.step_fraction))
    grid = window_grid(micrograph.shape, window_px, step_px)
    same = bare_fft(len(grid.rows_px) * len(grid.cols_px), window_px)
    origin = bare_fft(ORIGIN_WINDOWS, ORIGIN_WINDOW_PX)
    return [
        Step(
            "sliding FFT / same windows",
            lambda: [strip for _, strip in power_spectra(micrograph.pixels, grid)],
            same,
            1.3,
        ),
        Step(
            "map and circles / same windows",
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
            "pixels to classes / 3600 windows of 64 px",
            lambda: analyse(micrograph, model, params),
            origin,
            9,
        ),
    ]


def shares(run: Callable[[], object]) -> list[tuple[str, float, float]]:
    """Name, seconds and share of each part, under the profiler."""
    profile = cProfile.Profile()
    profile.runcall(run)
    stats = pstats.Stats(profile).get_stats_profile()
    spent = {
        words: stats.func_profiles[name].cumtime
        for name, words in PARTS.items()
        if name in stats.func_profiles
    }
    spent["everything else"] = stats.total_tt - sum(spent.values())
    return [(name, took, took / stats.total_tt) for name, took in spent.items()]


def large(micrograph: Micrograph, repeat: int) -> tuple[float, float, float]:
    """Seconds, time against as many small ones, and peak memory in images."""
    params = DetectionParams()
    pixels = np.tile(micrograph.pixels, (repeat, repeat))
    size = detect(micrograph, params).pixel_size_nm
    small = scaled(micrograph, size)
    one = statistics.median(seconds(lambda: detect(small, params)) for _ in range(5))
    tiled = Micrograph(pixels, "large", "large", size, "person")
    took = seconds(lambda: detect(tiled, params))
    tracemalloc.start()
    detect(tiled, params)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return took, took / repeat**2 / one, peak / pixels.nbytes + 1


def main() -> None:
    path = sorted((sample_data_dir() / "images").iterdir())[-1]
    micrograph = scaled(read_micrograph(path), None)
    print(f"{'step':45s}{'median':>10s}{'ratio':>8s}{'limit':>8s}")
    for step in steps(micrograph):
        took, times = ratio(step)
        print(f"{step.name:45s}{took:9.3f}s{times:8.1f}{step.limit:8.1f}")
    took, times, most = large(micrograph, 4)
    print(f"{'4096 px / 16 small ones':45s}{took:9.3f}s{times:8.2f}{1.3:8.1f}")
    print(f"{'peak memory / image, 4096 px':45s}{'':10s}{most:8.1f}{6:8.1f}")
    print(f"\n{'part of pixels to classes':45s}{'time':>10s}{'share':>8s}")
    model = load_model(default_model_path())
    for name, took, share in shares(
        lambda: analyse(micrograph, model, DetectionParams())
    ):
        print(f"{name:45s}{took:9.3f}s{share:8.0%}")


if __name__ == "__main__":
    main()
