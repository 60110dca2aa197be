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
    rules = samples.add_mutually_exclusive_group()
    add_naming(rules)
    rules.add_argument(
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
    particles = _particles_by_sample(arguments)
    if len(particles) < 2:
        raise CdseError(
            "There is nothing to compare: it takes two samples. Name two projects, or "
            "say with --by-folder, --by-pattern or --by-table what the samples are."
        )
    samples = _with_distinct_names(sample_numbers(particles))
    _tell_equal_names(samples, particles)
    for each in samples:
        say(f"{each.name}: {_sentence(each)}")
    comparisons = compare_all(samples)
    for comparison in comparisons:
        say(comparison.sentence)
        if comparison.size_sentence:
            say(comparison.size_sentence)
    if arguments.out is not None:
        write_summary_json(
            arguments.out,
            {
                "samples": samples_as_dicts(samples),
                "comparisons": comparisons_as_dicts(comparisons),
            },
        )
    return 0


def _particles_by_sample(arguments: argparse.Namespace) -> list[SampleParticles]:
    """Collect the particles of all samples, and report what is unclear about them."""
    particles: list[SampleParticles] = []
    contents: list[dict[str, str]] = []
    rule = naming_of(arguments)
    for path in arguments.projects:
        with opened(path) as project:
            if rule is None:
                naming = _default(project, arguments.by_project)
            else:
                naming = rule.naming(project.micrographs.entries)
            particles += sample_particles(project, naming)
            _tell_unnamed(project, naming)
            used = used_entries(project)
            contents.append(
                {each.id: each.name for each in used if each.id is not None}
            )
    if rule is not None:
        rule.tell()
    _tell_repeats(contents)
    return joined(particles) if arguments.join else particles


def _default(project: Project, by_project: bool) -> Naming:
    """Use the samples that a project names; one that names none is one sample."""
    if has_samples(project) and not by_project:
        return stored
    return _the_project(project)


def _tell_unnamed(project: Project, naming: Naming) -> None:
    unnamed = [entry.name for entry in used_entries(project) if naming(entry) is None]
    if unnamed:
        more = f", {unnamed[1]}, ..." if len(unnamed) > 2 else ""
        tell(
            f"In no sample, of {project.path.name}: {len(unnamed)} "
            f"({unnamed[0]}{more})."
        )


def _tell_repeats(contents: Sequence[dict[str, str]]) -> None:
    """Report micrographs that are in several projects.

    Intervals assume independent micrographs. If one is counted twice, they are too
    narrow for joined samples, and too wide for differences of samples.

    Parameters
    ----------
    contents : sequence of dict
        For each project, names of micrographs by the id of their content.
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
    """Name all after the project file, or after its folder if it has the usual name."""
    path = project.path
    name = path.parent.name if path.name == DEFAULT_NAME else path.stem
    return lambda _entry: name


def _with_distinct_names(samples: Sequence[SampleNumbers]) -> list[SampleNumbers]:
    """Append a number to the names of samples that have the same name."""
    total = Counter(each.name for each in samples)
    used: Counter[str] = Counter()
    distinct = []
    for each in samples:
        used[each.name] += 1
        number = f" ({used[each.name]})" if total[each.name] > 1 else ""
        distinct.append(replace(each, name=f"{each.name}{number}"))
    return distinct


def _tell_equal_names(
    samples: Sequence[SampleNumbers], particles: Sequence[SampleParticles]
) -> None:
    """Report samples of the same name in several projects, and how to join them."""
    total = Counter(each.name for each in particles)
    for name, number in total.items():
        if number > 1:
            distinct = [
                each.name for each in samples if each.name.startswith(f"{name} (")
            ]
            tell(
                f"{number} projects have a sample {name!r}; they stay apart here as "
                f"{' and '.join(distinct)}. With --join they are one."
            )


def _sentence(sample: SampleNumbers) -> str:
    defects = sample.defects
    sentences = [defects.sentence]
    if defects.design_effect is not None:
        sentences.append(f"Design effect {defects.design_effect:.2f}.")
    estimated = f", {BY_ESTIMATE}," if sample.sizes.by_estimate else ""
    sentences += [
        f"Mean diameter{estimated} {each.mean_words(sample.sizes.unit)}."
        for each in sample.sizes.summaries
        if each.label == "all"
    ]
    return " ".join(sentences)


COMMAND = Command(
    description="Compare the visible-defect fractions and the sizes of samples: of two "
    "or more projects, of the samples that a project names, or of micrographs by "
    "folder, file name or table. Differences and ratios have intervals of 95 %. What "
    "the program distrusts is counted apart in all samples alike.",
    add_arguments=_add_arguments,
    run=_run,
)
