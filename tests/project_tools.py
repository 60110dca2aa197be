"""Small folders of micrographs, findings and forests for tests of the project."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from PIL import Image

from napari_cdse.core.classifier.forest import Model, fit
from napari_cdse.core.classifier.training_set import TrainingSet
from napari_cdse.core.detection.methods import Detection
from napari_cdse.core.features import GROUPS, FeatureTable, schema_of
from napari_cdse.core.params import ForestParams
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import CLASSES, Candidate, Circle, Prediction
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project

SHAPE = (90, 140)
A, B, C = Circle(30.0, 30.0, 10.0), Circle(60.0, 70.0, 12.0), Circle(40.0, 110.0, 9.0)
"""Three circles within `SHAPE` that lie apart."""
MODEL = "model-1"

GRID = [
    Circle(10.0 + 3 * n, 10.0 + 3 * m, 1.0 + n / 100)
    for n in range(20)
    for m in range(20)
]
"""Small circles that do not overlap: 400 particles in one micrograph."""


def write_picture(path: Path, seed: int, shape: tuple[int, int] = SHAPE) -> Path:
    """Write a gray picture of noise, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_folder(
    folder: Path, names=("m1.png", "m2.png", "m10.png"), first_seed: int = 0
) -> Path:
    """Write a folder of micrographs; the tenth sorts last by nature only."""
    for seed, name in enumerate(names, first_seed):
        write_picture(folder / name, seed)
    return folder


def write_judged_folder(folder: Path) -> Path:
    """Write two micrographs and a project in which a person said one thing."""
    write_folder(folder, ("m1.png", "m2.png"))
    project = Project.create_or_open(folder)
    hand_over(project)
    project.edits.draw(Circle(30.0, 40.0, 10.0), "yes")
    project.close()
    return folder


def hand_over(project: Project, index: int = 0) -> None:
    """Open a micrograph and hand over its pixels, as the window does."""
    project.selection.open(index)
    size = project.micrographs.person_pixel_size(index)
    path = project.micrographs.entries[index].path
    project.micrographs.set_pixels(index, read_micrograph(path, pixel_size_nm=size))


def detection(circles: list[Circle], found_by="bragg", source="estimated") -> Detection:
    """Make the detection that found these circles."""
    strengths = tuple(1.0 for _ in circles)
    uncertainty = 0.01 if source == "estimated" else None
    size = PixelSize(0.04, PixelSizeSource(source), uncertainty)
    return Detection(tuple(circles), strengths, found_by, (), size, 50)


def put_circles(
    project: Project, circles: list[Circle], model_id: str | None = None, index=None
) -> list[str]:
    """Put a detection into a micrograph, the open one without index; return ids.

    With a model, circle number n gets the class n of `CLASSES`, modulo 4.
    """
    entry = project.micrographs.entries[
        project.selection.index if index is None else index
    ]
    found = [Candidate.propose(entry.id, each, "bragg", 1.0) for each in circles]
    said = [
        prediction(each.id, model_id, CLASSES[number % 4])
        for number, each in enumerate(found)
        if model_id is not None
    ]
    project.detections.put(entry.id, detection(circles), found, said)
    return [each.id for each in found]


def prediction(particle_id: str, model_id: str, label: str, sure=0.7) -> Prediction:
    """Make a prediction of one class; the others share what is left."""
    rest = (1 - sure) / 3
    chances = tuple(sure if name == label else rest for name in CLASSES)
    return Prediction(particle_id, model_id, chances)


def small_model(seed: int = 0, name: str = "small") -> Model:
    """Fit a forest of three trees to eight rows of noise."""
    names = GROUPS["bragg"].names
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(8, len(names))).astype(np.float32)
    training = TrainingSet(
        FeatureTable(names, values, schema_of("bragg")),
        np.array(CLASSES * 2),
        np.array(["a"] * 4 + ["b"] * 4),
        np.array([f"p{number}" for number in range(8)]),
        np.ones(8),
        np.full(8, 0.04),
    )
    return fit(training, ForestParams(trees=3, seed=seed), name=name)


def use_model(project: Project, model_id: str = MODEL) -> None:
    """Make an id active, as if its forest had been kept."""
    model = small_model()
    card = dataclasses.replace(model.card, id=model_id)
    project.models.add(dataclasses.replace(model, card=card), data=b"")
    project.models.keep(model_id)


def circles(project: Project, index: int = 0) -> set[Circle]:
    """Circles that a micrograph shows."""
    return {each.circle for each in project.particles.of(index)}


def seen(project: Project) -> list[dict]:
    """Everything a person sees of the particles, by micrograph."""
    return [
        {each.id: (each.circle, each.label, each.by_person) for each in particles}
        for particles in map(
            project.particles.of, range(len(project.micrographs.entries))
        )
    ]


def reopened(project: Project, **options) -> Project:
    """Close a project; return it as the next start of the program reads it."""
    project.close()
    return Project.create_or_open(project.path, **options)


def restarted(project: Project) -> Project:
    """Open a project once more, as the next start of the program reads it."""
    return Project.create_or_open(project.path)


class Heard:
    """Listens to all signals of a project and remembers what they said."""

    def __init__(self, project: Project) -> None:
        self.calls: list[tuple] = []
        for name in (
            "micrographs_changed",
            "opened",
            "pixels_changed",
            "particles_changed",
            "selection_changed",
            "analysed",
            "models_changed",
            "history_changed",
            "notice",
        ):
            getattr(project.events, name).connect(self._listener(name))

    def _listener(self, name):
        def listen(*values):
            self.calls.append((name, *values))

        return listen

    def of(self, name: str) -> list:
        """What one signal said, each time it went out."""
        return [
            call[1] if len(call) > 1 else None for call in self.calls if call[0] == name
        ]
