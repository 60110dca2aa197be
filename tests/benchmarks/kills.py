"""Kill a session of edits many times: ``python -m tests.benchmarks.kills --times 50``.

Each time a process works off a script of keyed edits, gestures, detections, undo and
redo, and gets a SIGKILL at a random moment. What it had acknowledged must be there,
the file sound, and the history whole: everything is taken back to the start and made
again, and each picture compared with a model that knows no store.
"""

import argparse
import random
import statistics
import sys
import tempfile
from pathlib import Path

from napari_cdse.project import Project
from tests import killing

LONGEST_WAIT_S = 0.02
"""How long after an acknowledgement the kill may come: a few steps."""


def one(number: int, n_steps: int) -> killing.Aftermath:
    """Make a project, kill a session on it, and look at what is left."""
    chance = random.Random(number)
    with tempfile.TemporaryDirectory() as folder:
        path = killing.prepare(Path(folder) / "sample")
        project = Project.create_or_open(path)
        session = killing.write_script(killing.seen(project), n_steps, number)
        project.close()
        wanted = chance.randrange(1, n_steps)
        later_s = chance.uniform(0, LONGEST_WAIT_S)
        acknowledged = killing.kill_once(path, session, wanted, later_s)
        return killing.examine(path, session, acknowledged)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    found = []
    print("kill  acknowledged  in the file  in a commit  undone and redone  result")
    for number in range(arguments.seed, arguments.seed + arguments.times):
        each = one(number, arguments.edits)
        found.append(each)
        stored = "none" if each.in_force is None else each.in_force
        print(
            f"{number:4d}{each.acknowledged:14d}{stored:13}"
            f"{'yes' if each.in_commit else 'no':>13s}{each.undone:19d}"
            f"  {'; '.join(each.faults) or 'whole'}",
            flush=True,
        )
    return report(found, arguments.edits)


def report(found: list[killing.Aftermath], n_steps: int) -> int:
    whole = sum(not each.faults for each in found)
    acknowledged = [each.acknowledged for each in found]
    print(
        f"\n{whole} of {len(found)} kills left every acknowledged edit, a sound file "
        f"and a whole history.\nKilled after {min(acknowledged)} to "
        f"{max(acknowledged)} of {n_steps} steps (median "
        f"{statistics.median(acknowledged):.0f}); "
        f"{sum(each.in_commit for each in found)} within a commit."
    )
    return 0 if whole == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
