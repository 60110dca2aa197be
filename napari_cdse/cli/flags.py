"""Flags that several commands share, and those made of the parameter classes.

`add_parameters` makes a flag of each field of `DetectionParams` or `ForestParams`, and
`read_parameters` collects them again. Flags of a project are in `project_flags`, those
of simulations in `simulation.preset_flags`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from napari_cdse.cli.command import integer, number, path_of, positive
from napari_cdse.core.params import DetectionParams, ForestParams, describe
from napari_cdse.core.pixel_size import MAX_PIXEL_SIZE_ERROR
from napari_cdse.io.annotations.format_names import FORMATS
from napari_cdse.io.export.tables import DIALECTS
from napari_cdse.io.images.frame import frame_choice
from napari_cdse.io.material_file import read_material
from napari_cdse.resources import default_model_path

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cdse.core.params import ParameterInfo
    from napari_cdse.io.images.frame import FrameChoice

ParamsType = TypeVar("ParamsType", DetectionParams, ForestParams)


def add_parameters(parser: argparse.ArgumentParser, owner: type[ParamsType]) -> None:
    """Add one flag for each parameter of a class.

    Parameters
    ----------
    parser : ArgumentParser
        The command's parser.
    owner : type
        `DetectionParams` or `ForestParams`.
    """
    group = parser.add_argument_group(
        "detection" if owner is DetectionParams else "forest"
    )
    for info in describe(owner):
        group.add_argument(
            flag_of(info, owner), dest=_destination(info, owner), **_options(info)
        )
    if owner is DetectionParams:
        group.add_argument(
            "--lattice",
            type=path_of,
            metavar="FILE",
            help="of another material than CdSe: a TOML file with a table [material] "
            "as simulate reads it; sets the band of spacings and the estimate of the "
            "pixel size",
        )


def read_parameters(
    arguments: argparse.Namespace, owner: type[ParamsType]
) -> ParamsType:
    """Collect the parameters of a class from parsed arguments.

    Parameters
    ----------
    arguments : Namespace
        Of a command with `add_parameters`.
    owner : type
        `DetectionParams` or `ForestParams`.

    Raises
    ------
    ParameterError
        If a value is outside of its range, or the file of a lattice is wrong.
    """
    values = {
        info.name: getattr(arguments, _destination(info, owner))
        for info in describe(owner)
    }
    params = owner(**values)
    if isinstance(params, DetectionParams) and arguments.lattice is not None:
        return replace(params, material=read_material(arguments.lattice))
    return params


def add_pixel_size(parser: argparse.ArgumentParser) -> None:
    """Add ``--pixel-size``."""
    parser.add_argument(
        "--pixel-size",
        type=positive,
        metavar="NM",
        help="edge of a pixel in nm, for all files; else the file's own, "
        "else an estimate from the lattice that only sets window sizes",
    )


def add_pixel_size_error(parser: argparse.ArgumentParser, default: str) -> None:
    """Add ``--pixel-size-error``; ``default`` describes its default."""
    parser.add_argument(
        "--pixel-size-error",
        type=_relative_error,
        metavar="PERCENT",
        help="standard uncertainty of pixel sizes that a file or you gave, in percent: "
        "no file tells it, and it moves all sizes in nm alike "
        f"(default: {default})".replace("%", "%%"),
    )


def _relative_error(text: str) -> float:
    """Convert a percentage of the pixel size to a relative error."""
    error = number(text) / 100
    if not 0 <= error <= MAX_PIXEL_SIZE_ERROR:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not from 0 to {100 * MAX_PIXEL_SIZE_ERROR:g} percent"
        )
    return error


def _frame(text: str) -> FrameChoice:
    """Convert a choice of frames."""
    try:
        return frame_choice(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(
            f"{text!r} names no frame; write a number, mean, or A:B"
        ) from problem


def add_jobs(parser: argparse._ActionsContainer) -> None:
    """Add ``--jobs``."""
    parser.add_argument(
        "--jobs",
        type=integer,
        default=0,
        metavar="N",
        help="processes at a time; 0 for as many as number of files, memory and cores "
        "allow, -1 for one on each core (default: 0); results are the same",
    )


def add_again(parser: argparse.ArgumentParser) -> None:
    """Add ``--again``, for commands that keep circles and features."""
    parser.add_argument(
        "--again",
        action="store_true",
        help="work out circles and features that an earlier run has worked out "
        "already, too; results are the same",
    )


def add_frame(parser: argparse.ArgumentParser) -> None:
    """Add ``--frame``."""
    parser.add_argument(
        "--frame",
        type=_frame,
        default=0,
        metavar="N|mean|A:B",
        help="of stacks and movies, for all files: frame N, counted from 0; the mean "
        "of all; or the mean of those from A on that come before B (default: 0)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``."""
    parser.add_argument(
        "--model",
        type=path_of,
        metavar="FILE",
        help="the file of a forest, *.skops (default: the shipped forest)",
    )


def add_csv_dialect(parser: argparse.ArgumentParser) -> None:
    """Add ``--csv-dialect``."""
    parser.add_argument(
        "--csv-dialect",
        choices=tuple(DIALECTS),
        default="standard",
        help="how tables are written: standard for programs, excel for an English "
        "Excel, excel-eu for one that writes a comma in numbers (default: standard)",
    )


def add_formats(parser: argparse.ArgumentParser) -> None:
    """Add ``--format``."""
    parser.add_argument(
        "--format",
        dest="formats",
        choices=FORMATS,
        action="append",
        default=[],
        help="what else circles and classes are written as: coco (one JSON), yolo, "
        "imagej (a RoiSet.zip a micrograph), napari (CSV of its Shapes layer, one a "
        "class); may be given often",
    )


def model_path(arguments: argparse.Namespace) -> Path:
    """Return the path of the chosen model, or else of the shipped one."""
    chosen: Path | None = arguments.model
    return chosen or default_model_path()


def flag_of(info: ParameterInfo, owner: type[ParamsType]) -> str:
    """Return the flag of a parameter, such as ``--window`` for ``window_nm``."""
    name = "".join(["forest-" if _clashes(info, owner) else "", info.name])
    return "--" + name.removesuffix("_nm").replace("_", "-")


def _destination(info: ParameterInfo, owner: type[ParamsType]) -> str:
    """Return the name of a parameter among the parsed arguments."""
    return f"{owner.__name__}.{info.name}"


def _clashes(info: ParameterInfo, owner: type[ParamsType]) -> bool:
    """Whether both classes have a parameter of this name, such as ``seed``."""
    names = {other.name for other in describe(DetectionParams)}
    return owner is ForestParams and info.name in names


def _options(info: ParameterInfo) -> dict[str, Any]:
    """Return the keyword arguments of `add_argument` for a parameter."""
    unit = f"in {info.unit}, " if info.unit else ""
    options: dict[str, Any] = {
        "default": info.default,
        "help": f"{info.help} ({unit}default: {info.default})".replace("%", "%%"),
    }
    if info.choices:
        return options | {"choices": info.choices}
    kind = type(info.default)
    converter = {float: number, int: integer}.get(kind, kind)
    return options | {"type": converter, "metavar": (info.unit or "X").upper()}
