"""Four particles of known place, one of each class."""

from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.export.particle_rows import ParticleRow

SHAPE = (90, 140)
CIRCLES = (
    Circle(30.25, 40.125, 9.0625),
    Circle(60.0, 70.5, 12.75),
    Circle(40.0, 110.0, 9.0),
    Circle(20.5, 80.25, 7.5),
)


def row(label, circle, micrograph="m1", note=""):
    return ParticleRow(micrograph, "id", circle, label, by_person=True, note=note)


ROWS = tuple(row(label, circle) for label, circle in zip(CLASSES, CIRCLES, strict=True))
