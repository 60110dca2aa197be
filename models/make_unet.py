"""Make the U-Net that is shipped: ``python models/make_unet.py``, some hours.

Simulates the fields that `unet_series.toml` names into a working folder, draws several
pictures of each, trains on crops of them, and exports what only onnxruntime is needed
for. Everything that is in the folder already is not made again: an interrupted run goes
on where it stopped, from its last checkpoint. With `--early` training begins as soon as
some fields are there, which saves time; else the same plan and seed give the same
network on one machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from unet_training.export import export
from unet_training.fields import make_pictures, read_plan
from unet_training.training import Schedule, train

from napari_cdse.core.errors import CdseError

HERE = Path(__file__).parent
WORK = HERE.parent / "build" / "unet"


def main(arguments: list[str] | None = None) -> int:
    """Simulate, train, export; 0 when done, 1 when it could not be."""
    told = _parser().parse_args(arguments)
    plan = read_plan(told.plan)
    pictures = told.work / "pictures"
    try:
        if told.early:
            side = multiprocessing.get_context("spawn").Process(
                target=_draw, args=(told.plan, pictures, told.jobs), daemon=False
            )
            side.start()
        else:
            _draw(told.plan, pictures, told.jobs)
        schedule = Schedule(told.steps, told.minutes * 60, told.batch, told.rate)
        train(
            plan,
            pictures,
            told.work,
            schedule,
            told.seed,
            told.threads,
            told.early,
            told.onto,
        )
        export(plan, pictures, told.work / "trained.pt", told.out, told.seed)
    except CdseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _draw(plan_path: Path, pictures: Path, jobs: int) -> None:
    plan = read_plan(plan_path)
    total, told = len(plan.in_turn()), 0
    for done in make_pictures(plan, pictures, jobs):
        if done > told and (done % 10 == 0 or done == total):
            told = done
            print(f"fields {done} of {total}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Make the U-Net that is shipped.")
    parser.add_argument("--plan", type=Path, default=HERE / "unet_series.toml")
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR")
    parser.add_argument("--steps", type=int, default=12000, help="steps of training")
    parser.add_argument(
        "--minutes", type=float, default=1e6, help="training ends after these at last"
    )
    parser.add_argument("--batch", type=int, default=8, help="crops a step")
    parser.add_argument(
        "--rate", type=float, default=2e-3, help="highest learning rate"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=-1, help="simulating processes")
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument(
        "--early", type=int, default=0, metavar="N", help="begin with so many fields"
    )
    parser.add_argument(
        "--onto", type=Path, metavar="ONNX", help="go on from this network's weights"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
