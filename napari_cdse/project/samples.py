"""Results of a project's samples, and their comparison."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.core.statistics.comparison import SampleNumbers
from napari_cdse.core.statistics.sample import divided, evened
from napari_cdse.core.statistics.visible_defects import visible_defects
from napari_cdse.io.export.row_sizes import sizes_of
from napari_cdse.project.particle_rows import rows_of, used_entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.io.export.particle_rows import ParticleRow
    from napari_cdse.project.project import Project
    from napari_cdse.project.sample_names import Naming


@dataclass(frozen=True, slots=True)
class SampleParticles:
    """What is known of the particles of one sample, free of the project.

    Attributes
    ----------
    name : str
    evidence : tuple of Evidence
    rows : tuple of ParticleRow
    micrographs : frozenset of str
        Content ids, of those that have been read.
    half_width : float
        Half the width that is wanted of the fraction's interval.
    """

    name: str
    evidence: tuple[Evidence, ...]
    rows: tuple[ParticleRow, ...]
    micrographs: frozenset[str]
    half_width: float


def sample_particles(
    project: Project,
    naming: Naming,
    rows: Mapping[int, Sequence[ParticleRow]] | None = None,
) -> list[SampleParticles]:
    """Collect what is known of each sample.

    Micrographs that are left out, or that ``naming`` gives no sample, are in none.

    Parameters
    ----------
    project : Project
        Open.
    naming : callable
        Takes a `MicrographEntry`; returns the name of its sample, or None.
    rows : mapping of int to sequence of ParticleRow, optional
        Particles by the micrograph's index, whose sizes are told; all without it.

    Returns
    -------
    list of SampleParticles
        In the order of the table.
    """
    entries = used_entries(project)
    of = {each.index: name for each in entries if (name := naming(each)) is not None}
    evidence = _by_index(project)
    told: dict[str, list[int]] = defaultdict(list)
    for index, name in of.items():
        told[name].append(index)
    known = {each.index: each for each in entries}
    if rows is None:
        rows = {at: rows_of(project, known[at], known[at].name, True, {}) for at in of}
    return [
        SampleParticles(
            name,
            tuple(each for index in mine for each in evidence.get(index, ())),
            tuple(row for index in mine for row in rows.get(index, ())),
            frozenset(one for index in mine if (one := known[index].id) is not None),
            project.settings.half_width,
        )
        for name, mine in told.items()
    ]


def even(samples: Sequence[SampleParticles]) -> list[SampleParticles]:
    """Let samples count the same kinds of circles, see `evened`.

    Parameters
    ----------
    samples : sequence of SampleParticles
        All that are compared with each other, of whatever projects.
    """
    evidence = evened([each.evidence for each in samples])
    return [
        replace(one, evidence=tuple(mine), rows=_as_counted(one.rows, mine))
        for one, mine in zip(samples, evidence, strict=True)
    ]


def joined(samples: Sequence[SampleParticles]) -> list[SampleParticles]:
    """Make one of samples that have one name.

    Parameters
    ----------
    samples : sequence of SampleParticles
        Of several projects; each has its micrographs named in its own way.

    Returns
    -------
    list of SampleParticles
        In the order in which names come first.

    Raises
    ------
    CdseError
        If two of one name hold the same micrograph: it would count twice.
    """
    by_name: dict[str, list[SampleParticles]] = defaultdict(list)
    for each in samples:
        by_name[each.name].append(each)
    return [_one(name, mine) for name, mine in by_name.items()]


def _one(name: str, parts: Sequence[SampleParticles]) -> SampleParticles:
    if len(parts) == 1:
        return parts[0]
    known: set[str] = set()
    for each in parts:
        both = len(known & each.micrographs)
        if both:
            raise CdseError(
                f"The sample {name!r} of two projects has {both} of its micrographs in "
                "both, which would count twice; leave them out in one of the projects, "
                "or compare without --join."
            )
        known |= each.micrographs
    return SampleParticles(
        name,
        tuple(
            replace(one, micrograph=f"{at}: {one.micrograph}")
            for at, each in enumerate(parts)
            for one in each.evidence
        ),
        tuple(
            replace(row, micrograph=f"{at}: {row.micrograph}")
            for at, each in enumerate(parts)
            for row in each.rows
        ),
        frozenset(known),
        min(each.half_width for each in parts),
    )


def sample_numbers(samples: Sequence[SampleParticles]) -> tuple[SampleNumbers, ...]:
    """Estimate the fraction and the sizes of each sample, all by one rule.

    Parameters
    ----------
    samples : sequence of SampleParticles
        All that are compared with each other.
    """
    return tuple(
        SampleNumbers(
            each.name,
            visible_defects(each.evidence, half_width=each.half_width),
            sizes_of(each.rows),
            each.micrographs,
        )
        for each in even(samples)
    )


def has_samples(project: Project) -> bool:
    """Tell whether any micrograph in use was given a sample."""
    return any(entry.sample for entry in used_entries(project))


def _by_index(project: Project) -> dict[int, list[Evidence]]:
    """Return the evidence by the index of its micrograph."""
    places = {key: at for at, key in enumerate(project.statistics.names())}
    found: dict[int, list[Evidence]] = defaultdict(list)
    for each in project.statistics.evidence():
        found[places[each.micrograph]].append(each)
    return found


def _as_counted(
    rows: Sequence[ParticleRow], evidence: Sequence[Evidence]
) -> tuple[ParticleRow, ...]:
    """Say of rows again why they are counted apart."""
    apart = {each.particle: each.distrust for each in divided(evidence)[1]}
    return tuple(replace(row, distrust=apart.get(row.particle)) for row in rows)
