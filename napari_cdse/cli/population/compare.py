"""Projects in, or the samples of one; how far their fractions and sizes differ."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command
from napari_cdse.cli.console import say, tell
from napari_cdse.cli.flags import project_file
from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.comparison import compare_all
from napari_cdse.io.export.export import write_summary_json
from napari_cdse.io.files import read_file
from napari_cdse.project import DEFAULT_NAME, Project
from napari_cdse.project.export import used_entries
from napari_cdse.project.samples import (
    by_folder,
    by_pattern,
    by_table,
    sample_numbers,
)

if TYPE_CHECKING:
    import argparse

    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.project.samples import Naming

_LARGEST_TABLE = 10_000_000
"""Bytes of a table of samples: a hundred thousand micrographs with long names."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "projects",
        nargs="+",
        type=Path,
        metavar="PROJECT",
        help="project files (*.cdse), or the folders they lie in",
    )
    samples = parser.add_argument_group(
        "samples", "without one of these, each project is a sample"
    )
    one = samples.add_mutually_exclusive_group()
    one.add_argument(
        "--by-folder",
        action="store_true",
        help="micrographs of one folder are a sample",
    )
    one.add_argument(
        "--by-pattern",
        metavar="REGEX",
        help="the first group that it finds in the file name is the sample",
    )
    one.add_argument(
        "--by-table",
        type=Path,
        metavar="CSV",
        help="a table with the columns micrograph (file name) and sample",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="also write all numbers as JSON"
    )


def _run(arguments: argparse.Namespace) -> int:
    naming = _naming(arguments)
    samples: list[SampleNumbers] = []
    for path in arguments.projects:
        project = Project.create_or_open(project_file(path))
        try:
            told = naming or _the_project(project)
            samples += sample_numbers(project, told)
            _tell_unnamed(project, told)
        finally:
            project.close()
    samples = _distinct(samples)
    if len(samples) < 2:
        raise CdseError(
            "There is nothing to compare: it takes two samples. Name two projects, or "
            "say with --by-folder, --by-pattern or --by-table what the samples are."
        )
    for each in samples:
        say(f"{each.name}: {_sentence(each)}")
    compared = compare_all(samples)
    for one in compared:
        say(one.sentence)
        if one.size_sentence:
            say(one.size_sentence)
    if arguments.out is not None:
        write_summary_json(
            arguments.out,
            {
                "samples": [
                    {
                        "name": each.name,
                        "visible_defects": each.defects.as_dict(),
                        "size_unit": each.sizes.unit,
                        "sizes": each.sizes.summaries,
                    }
                    for each in samples
                ],
                "comparisons": [
                    {**asdict(one), "sentence": one.sentence} for one in compared
                ],
            },
        )
    return 0


def _naming(arguments: argparse.Namespace) -> Naming | None:
    if arguments.by_folder:
        return by_folder
    if arguments.by_pattern is not None:
        return by_pattern(arguments.by_pattern)
    if arguments.by_table is not None:
        return by_table(_read_table(arguments.by_table))
    return None


def _tell_unnamed(project: Project, naming: Naming) -> None:
    left = [entry.name for entry in used_entries(project) if naming(entry) is None]
    if left:
        more = f", {left[1]}, ..." if len(left) > 2 else ""
        tell(f"In no sample, of {project.path.name}: {len(left)} ({left[0]}{more}).")


def _the_project(project: Project) -> Naming:
    """Name all after the project, or its folder where the file has its usual name."""
    path = project.path
    name = path.parent.name if path.name == DEFAULT_NAME else path.stem
    return lambda _entry: name


def _read_table(path: Path) -> dict[str, str]:
    data = read_file(path, _LARGEST_TABLE, CdseError)
    text = data.decode("utf-8-sig", "replace")
    # A German Excel puts semicolons between its columns.
    first = text.partition("\n")[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=mark))
    except csv.Error as error:
        raise CdseError(f"{path.name} is no readable table ({error}).") from error
    if not rows or not {"micrograph", "sample"} <= set(rows[0]):
        raise CdseError(
            f"{path.name} is no table of samples; its first line must name the columns "
            "micrograph and sample, with a comma or a semicolon between them."
        )
    return {
        row["micrograph"]: row["sample"]
        for row in rows
        if row["micrograph"] and row["sample"]
    }


def _distinct(samples: list[SampleNumbers]) -> list[SampleNumbers]:
    """Give a number to those of one name, so that each can be told."""
    total = Counter(each.name for each in samples)
    seen: Counter[str] = Counter()
    told = []
    for each in samples:
        seen[each.name] += 1
        number = f" ({seen[each.name]})" if total[each.name] > 1 else ""
        told.append(replace(each, name=f"{each.name}{number}"))
    return told


def _sentence(sample: SampleNumbers) -> str:
    found = sample.defects
    told = found.sentence
    if found.design_effect is not None:
        told += f" Design effect {found.design_effect:.2f}."
    for each in sample.sizes.summaries:
        if each.label == "all":
            told += f" Mean diameter {each.mean:.3g} {sample.sizes.unit}."
    return told


COMMAND = Command(
    description="Compare the visible-defect fractions and the sizes of samples: of two "
    "or more projects, or of one project's micrographs by folder, file name or table. "
    "Differences and ratios have intervals of 95 %.",
    add_arguments=_add_arguments,
    run=_run,
)
