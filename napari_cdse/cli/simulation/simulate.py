"""Command ``simulate``: simulate micrographs with label files and truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, count, path_of, whole
from napari_cdse.cli.console import say, tell
from napari_cdse.cli.simulation.preset_flags import (
    add_preset,
    add_simulation_jobs,
    preset_of,
)
from napari_cdse.simulate import simulate_series

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        required=True,
        type=path_of,
        metavar="DIR",
        help="folder for images/, tiff/, text_files/, masks/ and truth/",
    )
    parser.add_argument(
        "-n",
        dest="count",
        type=count,
        default=1,
        metavar="N",
        help="how many micrographs (default: 1)",
    )
    add_preset(
        parser,
        "a TOML file with another microscope, support or lattice; what it "
        "leaves out comes from the preset",
    )
    parser.add_argument(
        "--seed",
        type=whole,
        default=0,
        help="number of the series (default: 0); each micrograph depends on preset, "
        "seed and its own number only",
    )
    parser.add_argument(
        "--first",
        type=whole,
        default=0,
        metavar="INDEX",
        help="number of the first micrograph (default: 0)",
    )
    add_simulation_jobs(parser)


def _run(arguments: argparse.Namespace) -> int:
    preset = preset_of(arguments)
    total = arguments.count
    indices = range(arguments.first, arguments.first + total)
    made = 0
    for name in simulate_series(
        arguments.out, preset, arguments.seed, indices, arguments.jobs or -1
    ):
        made += 1
        tell(f"{made / total:4.0%}  {name}")
    if made < total:
        tell(f"{total - made} of {total} micrographs were there already.")
    say(f"{total} micrographs are in {arguments.out}")
    return 0


COMMAND = Command(
    description="Simulate HRTEM micrographs of quantum dots on amorphous carbon, with "
    "label files, masks and the truth about each dot. Micrographs that are already in "
    "the folder are left alone, so an interrupted series goes on where it stopped. "
    "Needs pip install 'napari-cdse[simulate]'.",
    add_arguments=_add_arguments,
    run=_run,
)
