"""Kill what takes long, many times: ``python -m tests.benchmarks.kills_of_commands``.

Each time a process says when it begins, and gets a SIGKILL at a random moment of the
work. Afterwards every project is sound and holds every label, every file under a
final name is whole, and the same work done again succeeds.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_cdse.io.models.model_file import load_model
from napari_cdse.io.store.backups import backups_of, check
from napari_cdse.io.store.found_projects import count_labels
from napari_cdse.project import Project
from napari_cdse.resources import sample_data_dir
from tests.project_tools import hand_over, put_circles, small_model, write_folder

ROOT = Path(__file__).parents[2]
OLD = ROOT / "tests" / "data" / "project_of_0_1"
BEGUN = "begun"
_START = f"import sys; sys.stdout.write('{BEGUN}\\n'); sys.stdout.flush()\n"


@dataclass(frozen=True)
class Work:
    """What is killed.

    Attributes
    ----------
    prepare : callable
        Makes what it works on in a folder.
    code : str
        What the process does; ``sys.argv[1]`` is the folder.
    faults : callable
        Says what is wrong in the folder afterwards.
    """

    prepare: Callable[[Path], None]
    code: str
    faults: Callable[[Path], list[str]]


def one(work: Work, share: float, full_s: float) -> list[str]:
    """Kill the work after a share of the time that it takes, and look."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        work.prepare(folder)
        with started(work, folder) as process:
            process.stdout.readline()
            time.sleep(share * full_s)
            os.kill(process.pid, signal.SIGKILL)
        faults = work.faults(folder)
        with started(work, folder) as process:
            process.communicate()
        if process.returncode:
            faults.append("the same work done again fails")
        return faults + [f"afterwards {each}" for each in work.faults(folder)]


def duration_s(work: Work) -> float:
    """How long the work takes when nobody kills it, once its imports are done."""
    with tempfile.TemporaryDirectory() as name:
        work.prepare(Path(name))
        with started(work, Path(name)) as process:
            process.stdout.readline()
            begun = time.perf_counter()
            process.communicate()
            return time.perf_counter() - begun


def started(work: Work, folder: Path) -> subprocess.Popen:
    lines = work.code.strip().splitlines()
    imports = [each for each in lines if each.startswith(("import ", "from "))]
    rest = [each for each in lines if each not in imports]
    code = "\n".join([*imports, _START, *rest])
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )


# --- what is prepared -----------------------------------------------------------------


def old_project(folder: Path) -> None:
    shutil.copytree(OLD, folder, dirs_exist_ok=True)


def reviewed_project(folder: Path) -> None:
    write_folder(folder)
    project = Project.create_or_open(folder)
    hand_over(project)
    model = small_model()
    project.models.add(model)
    project.models.keep(model.card.id)
    circles = [each.circle for each in drawn()]
    for particle in put_circles(project, circles, model.card.id):
        project.edits.label([particle], "yes")
    project.close()


def drawn() -> list:
    from napari_cdse.core.records import Candidate
    from tests.killing import CANDIDATES

    return [Candidate.propose("x", each, "bragg") for each in CANDIDATES]


def labelled_pictures(folder: Path) -> None:
    for kind, suffix in (("images", "png"), ("text_files", "txt")):
        (folder / kind).mkdir()
        for path in sorted((sample_data_dir() / kind).glob(f"*.{suffix}"))[:2]:
            shutil.copy(path, folder / kind)


# --- what must be so ------------------------------------------------------------------


def project_faults(folder: Path, wanted: int) -> list[str]:
    path = folder / "napari-cdse.cdse"
    faults = [f"{each} is unsound" for each in unsound(path)]
    project = Project.create_or_open(path)
    faults += project._store.integrity_problems()
    if sum(project.particles.counts().values()) != wanted:
        faults.append("labels are missing")
    project.close()
    return faults


def unsound(path: Path) -> list[str]:
    found = []
    for each in backups_of(path):
        try:
            check(each.path)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told
            found.append(f"{each.path.name}: {error}")
    return found


def of_old_project(folder: Path) -> list[str]:
    said = json.loads((OLD / "expected.json").read_text("utf-8"))["counts"]
    return project_faults(folder, sum(said.values()))


def of_reviewed(folder: Path) -> list[str]:
    faults = project_faults(folder, 18)
    for each in folder.glob("out/**/*.json"):
        json.loads(each.read_text("utf-8"))
    faults += [
        f"{each.name} is half a table"
        for each in folder.glob("out/**/*.csv")
        if not each.read_bytes().endswith(b"\n")
    ]
    if count_labels(folder / "napari-cdse.cdse") != 18:
        faults.append("the count of labels is another one")
    return faults


def of_models(folder: Path) -> list[str]:
    for each in folder.glob("*.skops"):
        load_model(each)
    return []


WORKS = {
    "migration": Work(
        old_project,
        """
from napari_cdse.project import Project
Project.create_or_open(sys.argv[1]).close()
""",
        of_old_project,
    ),
    "export": Work(
        reviewed_project,
        """
from napari_cdse.cli import main
import napari_cdse.cli.exchange.export
sys.exit(main(["export", sys.argv[1], "--out", sys.argv[1] + "/out"]))
""",
        of_reviewed,
    ),
    "retraining": Work(
        reviewed_project,
        """
from napari_cdse.project import Project
from tests.project_tools import small_model
project = Project.create_or_open(sys.argv[1])
for seed in range(1, 6):
    model = small_model(seed)
    project.models.add(model)
    project.models.keep(model.card.id)
project.close()
""",
        of_reviewed,
    ),
    "train": Work(
        labelled_pictures,
        """
from napari_cdse.cli import main
import napari_cdse.cli.train
words = ["train", sys.argv[1], "--out", sys.argv[1] + "/m.skops", "--trees", "10"]
sys.exit(main(words))
""",
        of_models,
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("works", nargs="*", metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    status = 0
    for name in arguments.works or WORKS:
        chance = random.Random(arguments.seed)
        full_s = duration_s(WORKS[name])
        shares = [chance.random() for _ in range(arguments.times)]
        found = [one(WORKS[name], share, full_s) for share in shares]
        whole = sum(not each for each in found)
        print(f"{name}: {full_s:.2f} s, {whole} of {len(found)} kills left all whole")
        for share, faults in zip(shares, found, strict=True):
            if faults:
                status = 1
                print(f"  killed at {share:.2f}: {'; '.join(faults)}")
        sys.stdout.flush()
    return status


if __name__ == "__main__":
    sys.exit(main())
