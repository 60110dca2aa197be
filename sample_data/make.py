"""Find and classify in the sample micrographs: ``python sample_data/make.py``.

Writes ``sample.cdse``, the project that `napari-cdse demo` and *Sample* open a copy of,
so that nobody waits for what is the same for all. It follows from the micrographs, the
shipped forest and the program; ``tests/test_sample_project.py`` says when it does so no
longer.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.core.errors import CdseError
from napari_cdse.io.models.model_file import load_model
from napari_cdse.project import Project
from napari_cdse.resources import default_model_path
from napari_cdse.sample import PROJECT, sample_project_folder
from napari_cdse.tasks.analysis import Problem, Source, analysing

if TYPE_CHECKING:
    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.project import MicrographEntry
    from napari_cdse.tasks.analysis import Circles

HERE = Path(__file__).parent
NAME = "sample"
"""Who is said to have chosen the forest: no one's own name goes into the file."""


def main(arguments: list[str] | None = None) -> int:
    """Make the project; 0 when done, 1 when it could not be."""
    parser = argparse.ArgumentParser(description="Make the sample project.")
    parser.add_argument("--out", type=Path, default=HERE / PROJECT)
    out: Path = parser.parse_args(arguments).out
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = sample_project_folder(Path(folder), detected=False)
            shutil.copyfile(detected(place, load_model(default_model_path())), out)
    except CdseError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The sample project is in {out}")
    return 0


def detected(folder: Path, model: Model) -> Path:
    """Find and classify in a folder as the window does; return the project file."""
    project = Project.create_or_open(folder, default_model=lambda: model)
    try:
        project.annotators.current = NAME
        # Asked for, it becomes the forest in use.
        assert project.models.active is not None
        for entry in project.micrographs.entries:
            put(project, entry, model)
    finally:
        project.close()
    forget_who(project.path)
    return project.path


def forget_who(path: Path) -> None:
    """Take out who annotates at this computer, and the room that is not used."""
    with closing(sqlite3.connect(path)) as store:
        with store:
            store.execute("DELETE FROM settings WHERE name LIKE 'annotator/%'")
        store.execute("VACUUM")


def put(project: Project, entry: MicrographEntry, model: Model) -> None:
    """Find and classify in one micrograph, and in the circles of its label file."""
    params = project.settings.detection
    size = project.micrographs.person_pixel_size(entry.index)
    source = Source(entry.index, entry.path, entry.frame, size)
    todo = [(source, standing(project, entry.index))]
    for found in analysing(todo, model, params, lambda _share: None):
        if isinstance(found, Problem):
            raise CdseError(str(found.sentence))
        analysis = found.analysis
        project.micrographs.register(entry.index, analysis.micrograph)
        if found.standing is not None:
            told = found.standing
            pairs = zip(told.predictions, told.circles, strict=True)
            circles = {one.particle_id: circle for one, circle in pairs}
            project.detections.put_predictions(model.card.id, told.predictions, circles)
        project.detections.put(
            analysis.micrograph.id,
            analysis.detection,
            analysis.candidates,
            analysis.predictions,
            params=params,
        )


def standing(project: Project, index: int) -> Circles:
    """Circles of the label file, which lack the forest's word."""
    ids = project.detections.unclassified(index)
    return tuple((one, project.particles.get(one).circle) for one in ids)


if __name__ == "__main__":
    sys.exit(main())
