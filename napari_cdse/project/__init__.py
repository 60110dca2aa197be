"""The one mutable object of the program; it knows no Qt."""

from napari_cdse.io.store import SUFFIX
from napari_cdse.project.exporting import Exported, export
from napari_cdse.project.gesture import Drawing, Gesture
from napari_cdse.project.opening import DEFAULT_NAME
from napari_cdse.project.particles import (
    LabelledMicrograph,
    MicrographEntry,
    Particle,
    Position,
)
from napari_cdse.project.project import Project

__all__ = [
    "DEFAULT_NAME",
    "SUFFIX",
    "Drawing",
    "Exported",
    "Gesture",
    "LabelledMicrograph",
    "MicrographEntry",
    "Particle",
    "Position",
    "Project",
    "export",
]
