"""Command ``visibility``: simulate how many faults are visible in micrographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, count, result_path_of, whole
from napari_cdse.cli.console import say
from napari_cdse.cli.progress import ShareProgress
from napari_cdse.cli.simulation.preset_flags import (
    add_preset,
    add_simulation_jobs,
    preset_of,
)
from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.defect_content import MIN_SETTINGS
from napari_cdse.io.files import check_replaceable
from napari_cdse.io.visibility_table import is_visibility, write_visibility
from napari_cdse.simulate.fault_visibility import SETTINGS, fault_visibility

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        required=True,
        type=result_path_of,
        metavar="FILE",
        help="the table to write, FILE.json, for --visibility of report and export",
    )
    add_preset(
        parser,
        "a TOML file with your own microscope, support, lattice or sizes, as for "
        "simulate; what it leaves out comes from the preset",
    )
    parser.add_argument(
        "-n",
        dest="settings",
        type=count,
        default=SETTINGS,
        metavar="N",
        help="settings of the microscope, with some 40 dots each (default: "
        f"{SETTINGS}); an estimate takes {MIN_SETTINGS} or more",
    )
    parser.add_argument(
        "--seed",
        type=whole,
        default=0,
        help="number of the series, from 0 (default: 0)",
    )
    add_simulation_jobs(parser)


def _run(arguments: argparse.Namespace) -> int:
    preset = preset_of(arguments)
    check_replaceable(arguments.out, is_visibility, "table of visibility", CdseError)
    table = fault_visibility(
        preset,
        arguments.seed,
        arguments.settings,
        arguments.jobs or -1,
        ShareProgress("dots"),
    )
    write_visibility(arguments.out, table)
    say(f"{len(table.dots)} dots were simulated; the table is {arguments.out}")
    return 0


COMMAND = Command(
    description="Simulate dots with and without faults, lying any way round, under "
    "many settings of a microscope, and write down what shows. report, export and the "
    "dock Population estimate the defect content by it, where asked. Takes about half "
    "an hour on two cores. Needs pip install 'napari-cdse[simulate]'.",
    add_arguments=_add_arguments,
    run=_run,
)
