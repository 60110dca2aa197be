"""Retraining with 5000 labels of 200 features: the fit, and the window meanwhile."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.classifier.training_set import TrainingSet
from napari_cdse.core.features import FeatureTable
from napari_cdse.core.features.cache import KnownFeatures
from napari_cdse.core.imaging.pixel_size_estimate import pixel_size_for
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES, Circle
from tests.benchmarks.measuring import Row, sample_micrograph, seconds

TITLE = "retraining, 5000 labels of 200 features"
N_LABELS, N_FEATURES = 5000, 200
ROUNDS = 3
PARAMS = ForestParams(trees=100)
_WINDOW = """
import os, sys, time
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
from napari_cdse.core.classifier.forest import fit
from napari_cdse.gui.session.workers import Job, JobRunner
from napari_cdse.io.models.model_file import model_bytes
from tests.benchmarks.retrain import PARAMS, drawn

application = QApplication.instance() or QApplication([])
runner = JobRunner()
if "window" in sys.argv:
    from napari_cdse.gui.workspace import workspace_for
    from napari_cdse.gui.app.window import open_window
    viewer = open_window()
    runner = workspace_for(viewer).session.runner
training = drawn(int(sys.argv[1]))

def work(report):
    yield model_bytes(fit(training, PARAMS, progress=report))

beats = []
heart = QTimer()
heart.timeout.connect(lambda: beats.append(time.perf_counter()))
for _ in range(50):
    application.processEvents()
job = Job("Retraining", work)
job.finished.connect(lambda _complete: heart.stop())
heart.start(0)
runner.submit(job)
while heart.isActive():
    application.processEvents()
print(max(after - before for before, after in zip(beats, beats[1:])), flush=True)
# What a window without a loop does at the end of the process is not measured.
os._exit(0)
"""


def rows(quick: bool = False) -> Iterator[Row]:
    n_labels = N_LABELS // (5 if quick else 1)
    training = drawn(n_labels)
    pairs = [
        (seconds(lambda: fit(training, PARAMS)), seconds(lambda: bare(training)))
        for _ in range(1 if quick else ROUNDS)
    ]
    yield Row(
        "fit with card / bare scikit-learn fit",
        seconds=statistics.median(one for one, _ in pairs),
        value=statistics.median(one / other for one, other in pairs),
        limit=1.2,
    )
    longest = freeze(n_labels)
    yield Row("longest freeze meanwhile, in s", longest, value=longest, limit=0.1)
    yield _features_again(20 if quick else 100)


def _features_again(number: int) -> Row:
    """What the features of a second retraining take of those of the first."""
    micrograph, keeps = sample_micrograph(), KnownFeatures()
    size_nm = pixel_size_for(micrograph)[0].nm
    places = np.random.default_rng(0).uniform(100.0, 900.0, (number, 2)).tolist()
    circles = [Circle(row, col, 45.0) for row, col in places]
    first, again = (
        seconds(lambda: keeps.compute(micrograph, circles, "bragg", size_nm))
        for _ in range(2)
    )
    name = f"features of {number} circles, again / at first"
    return Row(name, seconds=first, value=again / first)


def drawn(n_labels: int) -> TrainingSet:
    """Noise with some signal, twenty particles to a micrograph."""
    rng = np.random.default_rng(0)
    codes = rng.integers(len(CLASSES), size=n_labels)
    values = rng.normal(size=(n_labels, N_FEATURES))
    values[np.arange(n_labels), codes] += 2.0
    names = tuple(f"feature_{number}" for number in range(N_FEATURES))
    return TrainingSet(
        FeatureTable(names, values.astype(np.float32), "drawn/1"),
        np.array(CLASSES)[codes],
        np.array([f"m{number // 20}" for number in range(n_labels)]),
        np.array([f"p{number}" for number in range(n_labels)]),
        np.ones(n_labels),
        np.full(n_labels, 0.04),
    )


def bare(training: TrainingSet) -> RandomForestClassifier:
    estimator = RandomForestClassifier(
        PARAMS.trees,
        criterion=PARAMS.criterion,
        max_features=PARAMS.split_features,
        min_samples_leaf=PARAMS.min_leaf,
        class_weight="balanced",
        random_state=PARAMS.seed,
        n_jobs=-1,
    )
    return estimator.fit(training.table.values, training.labels)


def freeze(n_labels: int) -> float:
    """Longest time that the window's event loop waits while a worker fits.

    With a screen it is our whole window that waits, else Qt's event loop alone.
    """
    screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    platform = {} if screen else {"QT_QPA_PLATFORM": "offscreen"}
    told = subprocess.run(
        [sys.executable, "-c", _WINDOW, str(n_labels), "window" if screen else "loop"],
        env=os.environ | platform,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(told.stdout.split()[-1])
