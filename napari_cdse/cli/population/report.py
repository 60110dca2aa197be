"""Command ``report``: write the report of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, result_path_of
from napari_cdse.cli.console import say
from napari_cdse.cli.flags import add_pixel_size_error
from napari_cdse.cli.project_flags import add_project, add_visibility, opened
from napari_cdse.project.report import write_report

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    parser.add_argument(
        "--out",
        required=True,
        type=result_path_of,
        metavar="FILE",
        help="the page to write, FILE.html",
    )
    add_pixel_size_error(parser, "what the project's dock Population says")
    add_visibility(parser)


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments.project) as project:
        say(
            write_report(
                project,
                arguments.out,
                pixel_size_error=arguments.pixel_size_error,
                visibility=arguments.visibility,
            )
        )
    return 0


COMMAND = Command(
    description="Write one HTML page about a project, to read, print or send: the "
    "visible-defect fraction, how it was found, figures, typical particles, audits, "
    "what could have been chosen otherwise, and a paragraph for a paper.",
    add_arguments=_add_arguments,
    run=_run,
)
