"""Command ``samples``: show or set the samples of a project's micrographs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command
from napari_cdse.cli.console import say, tell
from napari_cdse.cli.population.naming import add_naming, naming_of
from napari_cdse.cli.project_flags import add_project, opened
from napari_cdse.core.errors import ParameterError
from napari_cdse.project.sample_names import chosen, names_by

if TYPE_CHECKING:
    import argparse

    from napari_cdse.project import Project


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    group = parser.add_argument_group(
        "naming", "without one of these, the samples of the project are listed"
    )
    rules = group.add_mutually_exclusive_group()
    add_naming(rules)
    rules.add_argument(
        "--name", metavar="NAME", help="one sample, of the micrographs of --of"
    )
    rules.add_argument(
        "--clear", action="store_true", help="of no sample, all or those of --of"
    )
    group.add_argument(
        "--of",
        nargs="+",
        metavar="FILE",
        help="file names of micrographs, * and ? allowed; the others keep what they "
        "have",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        help="only show what it would give; the project stays as it is",
    )


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments.project) as project:
        names = _names(project, arguments)
        entries = project.micrographs.entries
        after = {each.index: names.get(each.index, each.sample) for each in entries}
        if names and not arguments.preview:
            project.micrographs.set_samples(names)
        if arguments.preview:
            for each in entries:
                say(f"{each.name}: {after[each.index] or '(none)'}")
        _tell_counts(Counter(after.values()))
    return 0


def _names(project: Project, arguments: argparse.Namespace) -> dict[int, str | None]:
    """Return the new names of samples, by index; empty if they are only listed."""
    entries = project.micrographs.entries
    selected = entries if arguments.of is None else chosen(entries, arguments.of)
    if arguments.clear:
        return {each.index: None for each in selected}
    if arguments.name is not None:
        if arguments.of is None:
            raise ParameterError(
                "Say with --of of which micrographs that is the sample; --of '*' "
                "means all."
            )
        if not arguments.name.strip():
            raise ParameterError("A blank is no name; --clear takes names away.")
        return {each.index: arguments.name for each in selected}
    rule = naming_of(arguments)
    if rule is None:
        return {}
    names = names_by(rule.naming(entries), selected)
    rule.tell()
    unnamed = [each.name for each in selected if each.index not in names]
    if unnamed:
        more = f", {unnamed[1]}, ..." if len(unnamed) > 2 else ""
        tell(
            f"No name for {len(unnamed)} ({unnamed[0]}{more}); they stay as they were."
        )
    return names


def _tell_counts(counts: Counter[str | None]) -> None:
    if not any(counts):
        say("No micrograph is of a sample; see --help for the ways to say of which.")
        return
    for name, number in counts.items():
        what = "1 micrograph" if number == 1 else f"{number} micrographs"
        say(f"{what} of {name}" if name else f"{what} of no sample")


COMMAND = Command(
    description="Say of which sample each micrograph of a project is: after its "
    "folder, after a part of its file name, by a table, or by hand. It is kept in the "
    "project, as a step that the window's undo takes back; compare, report and export "
    "tell the fraction of each sample, and how they differ.",
    add_arguments=_add_arguments,
    run=_run,
)
