"""A micrograph on a machine that others keep busy, against the same on an idle one.

Two other processes multiply matrices meanwhile. What is compared is the processor time
of a process of its own, which must hardly grow: waiting for others costs time on the
clock, but threads that wait for each other burn it.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.measuring import Row

TITLE = "a busy machine (two other processes compute)"
LIMIT = 1.3
_ROUNDS = 3
_OTHERS = 2

_COMPUTE = """
import numpy as np
values = np.random.default_rng(0).normal(size=(700, 700))
while True:
    values = values @ values
    values /= np.abs(values).max()
"""
_ANALYSE = """
import json, sys, time
from napari_cdse.core.params import DetectionParams
from napari_cdse.io.models.model_file import load_model
from napari_cdse.pipeline import analyse
from napari_cdse.resources import default_model_path
from tests.benchmarks.measuring import sample_micrograph
model, micrograph = load_model(default_model_path()), sample_micrograph()
analyse(micrograph, model, DetectionParams())
start, clock = time.process_time(), time.perf_counter()
for _ in range(int(sys.argv[1])):
    analyse(micrograph, model, DetectionParams())
print(json.dumps([time.process_time() - start, time.perf_counter() - clock]))
"""


def rows(quick: bool) -> Iterator[Row]:
    """Time both in turn; the ratio of processor times is what has a limit."""
    number = 3 if quick else 6
    pairs = []
    for _ in range(_ROUNDS):
        idle = _seconds(number)
        with _others():
            busy = _seconds(number)
        pairs.append((idle, busy))
    idle_s = statistics.median(idle for (idle, _), _ in pairs) / number
    busy_s = statistics.median(busy for _, (busy, _) in pairs) / number
    yield Row("processor time alone, per micrograph", seconds=idle_s)
    yield Row(
        "processor time beside others",
        seconds=busy_s,
        value=statistics.median(busy / idle for (idle, _), (busy, _) in pairs),
        limit=LIMIT,
    )
    yield Row(
        "time on the clock beside others",
        seconds=statistics.median(busy for _, (_, busy) in pairs) / number,
        value=statistics.median(busy / idle for (_, idle), (_, busy) in pairs),
    )


def _seconds(number: int) -> tuple[float, float]:
    """Processor time and time on the clock of a process with its usual threads."""
    done = subprocess.run(
        [sys.executable, "-c", _ANALYSE, str(number)],
        env=_usual_threads(),
        capture_output=True,
        text=True,
        check=True,
    )
    processor, clock = json.loads(done.stdout)
    return processor, clock


@contextmanager
def _others() -> Iterator[None]:
    command = [sys.executable, "-c", _COMPUTE]
    others = [subprocess.Popen(command, env=_usual_threads()) for _ in range(_OTHERS)]
    try:
        yield
    finally:
        for process in others:
            process.kill()
            process.wait()


def _usual_threads() -> dict[str, str]:
    """Environment of a user, who sets no number of threads."""
    own = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {name: value for name, value in os.environ.items() if name not in own}
