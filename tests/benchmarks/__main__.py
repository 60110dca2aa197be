"""Speed and memory as ratios within one run: ``make bench``.

Every step is timed several times in turn with the bare FFT of the same windows, so
that a machine that slows down slows both; the table gives the median of the ratios.
Limits are goals, printed beside what was measured; nothing fails here.
"""

import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft

from napari_cdse.batch import analyse
from napari_cdse.core.detection import detect
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Micrograph
from napari_cdse.core.sliding_fft import power_spectra, window_grid
from napari_cdse.io.micrograph_file import read_micrograph
from napari_cdse.io.model_file import load_model
from napari_cdse.resources import default_model_path, sample_data_dir

ROUNDS = 5
ORIGIN_WINDOWS = 3600
ORIGIN_WINDOW_PX = 64


@dataclass(frozen=True)
class Step:
    """Something to time against something else."""

    name: str
    run: Callable[[], object]
    bare: Callable[[], object]
    limit: float


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


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


def steps(micrograph: Micrograph) -> list[Step]:
    params = DetectionParams()
    model = load_model(default_model_path())
    window_px = detect(micrograph, params).window_px
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


def memory(micrograph: Micrograph, repeat: int) -> float:
    """Peak memory of detection in units of the float32 image."""
    pixels = np.tile(micrograph.pixels, (repeat, repeat))
    large = Micrograph(pixels, "large", "large", 0.04, "person")
    tracemalloc.start()
    detect(large, DetectionParams())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / pixels.nbytes + 1


def main() -> None:
    path = sorted((sample_data_dir() / "images").iterdir())[-1]
    micrograph = read_micrograph(path)
    print(f"{'step':45s}{'median':>10s}{'ratio':>8s}{'limit':>8s}")
    for step in steps(micrograph):
        took, times = ratio(step)
        print(f"{step.name:45s}{took:9.3f}s{times:8.1f}{step.limit:8.1f}")
    most = memory(micrograph, 4)
    print(f"{'peak memory / image, 4096 px':45s}{'':10s}{most:8.1f}{6:8.1f}")


if __name__ == "__main__":
    main()
