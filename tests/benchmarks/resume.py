"""Kill ``predict`` again and again: ``python -m tests.benchmarks resume``.

Sixty micrographs, and a SIGKILL at a random moment of the run, with one process or
two: after a random number of micrographs, and up to the time of one more. The next run
must go on, and leave tables and label files of the same bytes as a run that nobody
disturbed.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.drawn_particles import micrograph_of

MICROGRAPHS = 60
KILLS = 20
KINDS = ("yes", "no", "null")
_RUN = "import sys; from napari_cdse.cli import main; sys.exit(main(sys.argv[1:]))"


def show(quick: bool) -> None:
    """Print what each kill left, and how many ended as an undisturbed run."""
    kills = KILLS // 5 if quick else KILLS
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder = pictures(Path(name) / "pictures")
        begun = time.perf_counter()
        run(folder, Path(name) / "whole", 1).wait()
        full_s = time.perf_counter() - begun
        expected = results(Path(name) / "whole")
        print(f"\n{MICROGRAPHS} micrographs, undisturbed: {full_s:.1f} s")
        same = sum(
            kill_once(
                folder, Path(name) / "out", chance, full_s / MICROGRAPHS, expected
            )
            for _ in range(kills)
        )
    print(f"{same} of {kills} killed runs ended with the same bytes")


def kill_once(
    folder: Path,
    out: Path,
    chance: random.Random,
    each_s: float,
    expected: dict[Path, bytes],
) -> bool:
    """Kill one run, let another go on, and compare."""
    shutil.rmtree(out, ignore_errors=True)
    jobs, wanted = chance.choice((1, 2)), chance.randrange(MICROGRAPHS)
    later_s = chance.random() * each_s
    first = run(folder, out, jobs)
    while first.poll() is None and _done(out) < wanted:
        time.sleep(0.02)
    time.sleep(later_s)
    os.kill(first.pid, signal.SIGKILL)
    ended = first.wait() == 0
    done = _done(out)
    begun = time.perf_counter()
    status = run(folder, out, chance.choice((1, 2))).wait()
    took_s = time.perf_counter() - begun
    same = status == 0 and results(out) == expected
    print(
        f"  {jobs} at work, killed with {done} done"
        f"{' (it had ended)' if ended else ''}, then {took_s:.1f} s, "
        f"{'same bytes' if same else 'OTHER BYTES'}"
    )
    return same


def _done(out: Path) -> int:
    return len(list((out / "parts").glob("*.part")))


def run(folder: Path, out: Path, jobs: int) -> subprocess.Popen:
    words = ["predict", str(folder), "--out", str(out), "--no-figures"]
    return subprocess.Popen(
        [sys.executable, "-c", _RUN, *words, "--jobs", str(jobs)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def results(out: Path) -> dict[Path, bytes]:
    """Bytes of tables and label files."""
    paths = [out / "particles.csv", out / "summary.json", *(out / "labels").iterdir()]
    return {path.relative_to(out): path.read_bytes() for path in paths}


def pictures(folder: Path) -> Path:
    folder.mkdir()
    for seed in range(MICROGRAPHS):
        drawn, _ = micrograph_of(list(KINDS[: 1 + seed % len(KINDS)]), seed)
        grey = np.clip(drawn.pixels, 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(folder / f"m{seed:02d}.png")
    return folder
