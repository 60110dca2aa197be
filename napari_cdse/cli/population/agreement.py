"""Command ``agreement``: agreement of annotators, and the threshold of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command
from napari_cdse.cli.console import say
from napari_cdse.cli.project_flags import add_project, opened

if TYPE_CHECKING:
    import argparse


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments.project) as project:
        curves = project.annotators.curves()
        draws = project.audits.tallies().sentence
        if draws:
            say(draws)
        for each in project.annotators.agreements():
            say(each.sentence)
        for curve in curves:
            say(curve.sentence)
        if not curves:
            say("Nobody has labelled a particle yet.")
    return 0


COMMAND = Command(
    description="Say how far each two annotators agree, and for each of them from "
    "which chance of the forest on they say yes, and how sharply: slope and limit of a "
    "logistic curve, from labels given with neither the forest's word nor another's "
    "label in view.",
    add_arguments=add_project,
    run=_run,
)
