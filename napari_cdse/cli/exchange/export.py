"""Command ``export``: write a project's label files, tables, statistics and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, path_of
from napari_cdse.cli.console import SOME_FAILED, say, tell
from napari_cdse.cli.flags import add_csv_dialect, add_formats, add_pixel_size_error
from napari_cdse.cli.project_flags import add_project, add_visibility, opened
from napari_cdse.project import export

if TYPE_CHECKING:
    import argparse


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    parser.add_argument(
        "--out", required=True, type=path_of, metavar="DIR", help="where results go"
    )
    parser.add_argument(
        "--include-predictions",
        action="store_true",
        help="also what only the forest says, not reviewed by anyone",
    )
    add_pixel_size_error(parser, "what the project's dock Population says")
    add_visibility(parser)
    add_formats(parser)
    add_csv_dialect(parser)


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments.project) as project:
        outcome = export(
            project,
            arguments.out,
            include_predictions=arguments.include_predictions,
            dialect=arguments.csv_dialect,
            formats=arguments.formats,
            pixel_size_error=arguments.pixel_size_error,
            visibility=arguments.visibility,
        )
    for sentence in (*outcome.notices, *outcome.problems):
        tell(sentence)
    for sentence in outcome.sentences:
        say(sentence)
    return SOME_FAILED if outcome.problems else 0


COMMAND = Command(
    description="Write what a person reviewed in a project: label files, "
    "particles.csv, micrographs.csv, labels.csv, summary.json and figures; with "
    "--format also for other programs.",
    add_arguments=_add_arguments,
    run=_run,
)
