"""Arguments of commands that simulate: the preset, and the number of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.cli.command import integer, path_of
from napari_cdse.simulate import NAMES, load_preset, preset_by_name

if TYPE_CHECKING:
    import argparse

    from napari_cdse.simulate import Preset


def add_preset(parser: argparse.ArgumentParser, config_help: str) -> None:
    """Add ``--preset`` and ``--config``, the latter with the given help."""
    parser.add_argument(
        "--preset",
        choices=NAMES,
        default="standard",
        help="what kind of micrographs (default: standard)",
    )
    parser.add_argument("--config", type=path_of, metavar="FILE", help=config_help)


def add_simulation_jobs(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs``; a simulation uses all cores by default."""
    parser.add_argument(
        "--jobs",
        type=integer,
        default=-1,
        help="processes at a time (default: one for each core)",
    )


def preset_of(arguments: argparse.Namespace) -> Preset:
    """Return the chosen preset, changed by the user's file if there is one.

    Raises
    ------
    ParameterError
        If the file cannot be read, or a value in it is wrong.
    """
    if arguments.config:
        return load_preset(arguments.config, arguments.preset)
    return preset_by_name(arguments.preset)
