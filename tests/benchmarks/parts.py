"""Where the time from pixels to classes by `bragg` goes."""

import cProfile
import pstats
import statistics
from collections.abc import Callable, Iterator

from napari_cdse.core.params import DetectionParams
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import analyse
from napari_cdse.resources import default_model_path
from tests.benchmarks.detection import origins_fft
from tests.benchmarks.measuring import ROUNDS, Row, sample_micrograph, seconds

TITLE = "part of pixels to classes by bragg / 3600 windows of 64 px"
PARTS = {
    "prepare": ("spikes and flat areas", 0.5),
    "estimate_from_pixels": ("pixel size from the lattice", 1.3),
    "background_near": ("background, where not yet known", 0.3),
    "whiten": ("whitening", 0.5),
    "respond": ("template search", 1.3),
    "refine_seeds": ("second look at its maxima", 0.3),
    "peel": ("disk fits", 0.8),
    "compute_features": ("features", 1.5),
    "predict_proba": ("forest", 0.2),
}
"""Functions, in words, and the ratio that each may take; none calls another."""
WHOLE = 7.0


def rows(quick: bool = False) -> Iterator[Row]:
    micrograph, model = sample_micrograph(), load_model(default_model_path())
    bare = origins_fft()
    bare()
    unit = statistics.median(seconds(bare) for _ in range(ROUNDS))
    params = DetectionParams(method="bragg")
    analyse(micrograph, model, params)
    spent, total = profiled(lambda: analyse(micrograph, model, params))
    for name, took in spent.items():
        words, limit = PARTS[name]
        yield Row(words, took, took / total, took / unit, limit)
    rest = total - sum(spent.values())
    left = WHOLE - sum(limit for _, limit in PARTS.values())
    yield Row("everything else", rest, rest / total, rest / unit, left)


def profiled(run: Callable[[], object]) -> tuple[dict[str, float], float]:
    """Seconds of each part and of the whole."""
    profile = cProfile.Profile()
    profile.runcall(run)
    stats = pstats.Stats(profile).get_stats_profile()
    known = stats.func_profiles
    spent = {name: known[name].cumtime for name in PARTS if name in known}
    return spent, stats.total_tt
