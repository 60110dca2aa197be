"""Command ``compare``: differences of fractions and sizes between samples."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, path_of, result_path_of
from napari_cdse.cli.console import say, tell
from napari_cdse.cli.population.naming import add_naming, naming_of
from napari_cdse.cli.project_flags import opened
from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.comparison import compare_all
from napari_cdse.core.statistics.size_distribution import BY_ESTIMATE
from napari_cdse.io.export.sample_summary import (
    comparisons_as_dicts,
    is_comparison,
    samples_as_dicts,
)
from napari_cdse.io.export.summary import write_summary_json
from napari_cdse.io.files import check_replaceable
from napari_cdse.project import DEFAULT_NAME, Project
from napari_cdse.project.particle_rows import used_entries
from napari_cdse.project.sample_names import stored
from napari_cdse.project.samples import (
    has_samples,
    joined,
    sample_numbers,
    sample_particles,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from napari_cdse.core.statistics.comparison import SampleNumbers
    from napari_cdse.project.sample_names import Naming
    from napari_cdse.project.samples import SampleParticles


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "projects",
        nargs="+",
        type=path_of,
        metavar="PROJECT",
        help="project files (*.cdse), or the folders they lie in",
    )
    samples = parser.add_argument_group(
        "samples",
        "without one of these, samples are those that a project names "
        "(napari-cdse samples), and a project that names none is one sample",
    )
    one = samples.add_mutually_exclusive_group()
    add_naming(one)
    one.add_argument(
        "--by-project",
        action="store_true",
        help="each project is a sample, whatever it names",
    )
    parser.add_argument(
        "--join",
        action="store_true",
        help="samples of one name in several projects are one sample; without it they "
        "stay apart, each with a number",
    )
    parser.add_argument(
        "--out",
        type=result_path_of,
        metavar="FILE",
        help="also write all numbers as JSON",
    )


def _run(arguments: argparse.Namespace) -> int:
    if arguments.out is not None:
        check_replaceable(arguments.out, is_comparison, "comparison", CdseError)
    found: list[SampleParticles] = []
    contents: list[dict[str, str]] = []
    way = naming_of(arguments)
    for path in arguments.projects:
        with opened(path) as project:
            if way is None:
                told = _default(project, arguments.by_project)
            else:
                told = way.naming(project.micrographs.entries)
            found += sample_particles(project, told)
            _tell_unnamed(project, told)
            used = used_entries(project)
            contents.append({one.id: one.name for one in used if one.id is not None})
    if way is not None:
        way.tell()
    _tell_repeats(contents)
    if arguments.join:
        found = joined(found)
    if len(found) < 2:
        raise CdseError(
            "There is nothing to compare: it takes two samples. Name two projects, or "
            "say with --by-folder, --by-pattern or --by-table what the samples are."
        )
    samples = _distinct(sample_numbers(found))
    _tell_names(samples, found)
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
                "samples": samples_as_dicts(samples),
                "comparisons": comparisons_as_dicts(compared),
            },
        )
    return 0


def _default(project: Project, by_project: bool) -> Naming:
    """Take the samples that a project names; all of it is one where it names none."""
    if has_samples(project) and not by_project:
        return stored
    return _the_project(project)


def _tell_unnamed(project: Project, naming: Naming) -> None:
    left = [entry.name for entry in used_entries(project) if naming(entry) is None]
    if left:
        more = f", {left[1]}, ..." if len(left) > 2 else ""
        tell(f"In no sample, of {project.path.name}: {len(left)} ({left[0]}{more}).")


def _tell_repeats(contents: Sequence[dict[str, str]]) -> None:
    """Say which micrographs several projects hold: names by content, of each one.

    Intervals take micrographs for independent; of one that is counted twice they are
    too narrow where samples are joined, and too wide where they are compared.
    """
    total = Counter(content for names in contents for content in names)
    names = [
        name
        for each in contents
        for content, name in each.items()
        if total.pop(content, 0) > 1
    ]
    if names:
        more = f", {names[1]}, ..." if len(names) > 2 else ""
        tell(
            "In more than one of the projects, by content, and counted in each: "
            f"{len(names)} ({names[0]}{more}). Intervals take them for different "
            "micrographs; leave them out of all projects but one."
        )


def _the_project(project: Project) -> Naming:
    """Name all after the project, or its folder where the file has its usual name."""
    path = project.path
    name = path.parent.name if path.name == DEFAULT_NAME else path.stem
    return lambda _entry: name


def _distinct(samples: Sequence[SampleNumbers]) -> list[SampleNumbers]:
    """Give a number to those of one name, so that each can be told."""
    total = Counter(each.name for each in samples)
    seen: Counter[str] = Counter()
    told = []
    for each in samples:
        seen[each.name] += 1
        number = f" ({seen[each.name]})" if total[each.name] > 1 else ""
        told.append(replace(each, name=f"{each.name}{number}"))
    return told


def _tell_names(
    samples: Sequence[SampleNumbers], found: Sequence[SampleParticles]
) -> None:
    """Say that samples of one name were taken for two, and what joins them."""
    total = Counter(each.name for each in found)
    for name, number in total.items():
        if number > 1:
            told = [one.name for one in samples if one.name.startswith(f"{name} (")]
            tell(
                f"{number} projects have a sample {name!r}; they stay apart here as "
                f"{' and '.join(told)}. With --join they are one."
            )


def _sentence(sample: SampleNumbers) -> str:
    found = sample.defects
    told = found.sentence
    if found.design_effect is not None:
        told += f" Design effect {found.design_effect:.2f}."
    for each in sample.sizes.summaries:
        if each.label == "all":
            how = f", {BY_ESTIMATE}," if sample.sizes.by_estimate else ""
            told += f" Mean diameter{how} {each.mean_words(sample.sizes.unit)}."
    return told


COMMAND = Command(
    description="Compare the visible-defect fractions and the sizes of samples: of two "
    "or more projects, of the samples that a project names, or of micrographs by "
    "folder, file name or table. Differences and ratios have intervals of 95 %. What "
    "the program distrusts is counted apart in all samples alike.",
    add_arguments=_add_arguments,
    run=_run,
)
