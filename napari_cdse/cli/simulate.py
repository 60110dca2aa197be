"""Command ``simulate``: simulate micrographs with their truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, count, integer, path_of, whole
from napari_cdse.cli.console import say, tell
from napari_cdse.simulate import NAMES, load_preset, preset_by_name, simulate_series

if TYPE_CHECKING:
    import argparse

    from napari_cdse.simulate import Preset


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
    parser.add_argument(
        "--preset",
        choices=NAMES,
        default="standard",
        help="what kind of micrographs (default: standard)",
    )
    parser.add_argument(
        "--config",
        type=path_of,
        metavar="FILE",
        help="a TOML file with another microscope, support or lattice; what it "
        "leaves out comes from the preset",
    )
    _add_numbers(parser)


def _add_numbers(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument(
        "--jobs",
        type=integer,
        default=-1,
        help="processes at a time (default: one for each core)",
    )


def _run(arguments: argparse.Namespace) -> int:
    preset = _preset(arguments)
    count = arguments.count
    indices = range(arguments.first, arguments.first + count)
    made = 0
    for name in simulate_series(
        arguments.out, preset, arguments.seed, indices, arguments.jobs or -1
    ):
        made += 1
        tell(f"{made / count:4.0%}  {name}")
    if made < count:
        tell(f"{count - made} of {count} micrographs were there already.")
    say(f"{count} micrographs are in {arguments.out}")
    return 0


def _preset(arguments: argparse.Namespace) -> Preset:
    if arguments.config:
        return load_preset(arguments.config, arguments.preset)
    return preset_by_name(arguments.preset)


COMMAND = Command(
    description="Simulate HRTEM micrographs of quantum dots on amorphous carbon, with "
    "label files, masks and the truth about each dot. Micrographs that are already in "
    "the folder are left alone, so an interrupted series goes on where it stopped. "
    "Needs pip install 'napari-cdse[simulate]'.",
    add_arguments=_add_arguments,
    run=_run,
)
