"""A project: micrographs, circles and labels, and all that changes them; without Qt."""

from napari_cdse.io.store.store import SUFFIX
from napari_cdse.project.components.imports import Imported
from napari_cdse.project.components.review_queue import Which
from napari_cdse.project.editing.edit_request import Drawing, EditRequest
from napari_cdse.project.export import Exported, export
from napari_cdse.project.files.annotation_reading import (
    Picture,
    Pictures,
    Placed,
    Reading,
    only_there,
    read_for_project,
)
from napari_cdse.project.files.backups import Backups
from napari_cdse.project.files.beside import (
    Alternative,
    alternatives,
    beside_sentence,
    instead_sentence,
)
from napari_cdse.project.files.incoming import Incoming, sort_incoming
from napari_cdse.project.files.open_store import DEFAULT_NAME, project_file
from napari_cdse.project.project import Project
from napari_cdse.project.state.events import ProjectEvents
from napari_cdse.project.state.records import (
    LabelledMicrograph,
    MicrographEntry,
    Particle,
    Position,
)

__all__ = [
    "DEFAULT_NAME",
    "SUFFIX",
    "Alternative",
    "Backups",
    "Drawing",
    "EditRequest",
    "Exported",
    "Imported",
    "Incoming",
    "LabelledMicrograph",
    "MicrographEntry",
    "Particle",
    "Picture",
    "Pictures",
    "Placed",
    "Position",
    "Project",
    "ProjectEvents",
    "Reading",
    "Which",
    "alternatives",
    "beside_sentence",
    "export",
    "instead_sentence",
    "only_there",
    "project_file",
    "read_for_project",
    "sort_incoming",
]
