"""Several annotators of one project, for tests of what each of them said."""

from __future__ import annotations

from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from tests.project_tools import hand_over, put_circles, small_model

GRID = [Circle(11.0 + 22 * (n // 6), 11.0 + 22 * (n % 6), 9.0) for n in range(24)]


def fill(project: Project, micrographs: int, share: float = 0) -> None:
    """Find and classify 24 circles in each of the first micrographs."""
    project.audits.share = share
    model = small_model()
    project.models.add(model)
    project.models.keep(model.card.id)
    for index in range(micrographs):
        hand_over(project, index)
        put_circles(project, GRID, model.card.id)
    project.selection.open(0)


def ids(project: Project, index: int = 0) -> list[str]:
    """Ids of all particles of a micrograph."""
    return [each.id for each in project.particles.of(index)]


def say(project: Project, name: str, labels: dict, hide: bool = False) -> None:
    """Let an annotator give labels, one step each."""
    project.annotators.current, project.annotators.hide_others = name, hide
    for particle_id, label in labels.items():
        project.edits.label([particle_id], label)


def given(project: Project, particle_id: str) -> dict[str, str]:
    """Class that each annotator gave a particle."""
    labels = project.annotators.labels_of(particle_id)
    return {name: each.label for name, each in labels.items()}
