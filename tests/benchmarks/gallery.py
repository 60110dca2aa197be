"""The gallery with 10 000 particles of 500 micrographs: does it stay fluid?"""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from qtpy.QtWidgets import QApplication

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.gallery.items import Choice, collect
from napari_cdse.gui.gallery.model import GalleryModel
from napari_cdse.gui.gallery.view import GalleryView
from napari_cdse.gui.thumbnails.item import Item, item_of
from napari_cdse.gui.thumbnails.maker import Pictures
from napari_cdse.project import Project
from napari_cdse.tasks.thumbnails import EDGE_PX, thumbnail
from tests.benchmarks.large_project import N_EDITS, N_MICROGRAPHS, build, circles, wall
from tests.benchmarks.measuring import ROUNDS, Row, sample_micrograph

TITLE = "the gallery; limits in s, ms and GB"
VIEW_PX = (900, 900)
STEPS = 60
FRAME_MS = 1000 / 30


def rows(quick: bool = False) -> Iterator[Row]:
    share = 10 if quick else 1
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        path = build(Path(folder), N_MICROGRAPHS // share, N_EDITS // share)
        project = Project.create_or_open(path)
        before = psutil.Process().memory_info().rss
        model, view, pictures = shown(project)
        for name, run, limit in steps(project, model, view):
            took = statistics.median(wall(run) for _ in range(ROUNDS))
            yield Row(name, took, value=took, limit=limit)
        yield from scrolling(application, view)
        used = (psutil.Process().memory_info().rss - before) / 2**30
        yield Row(f"memory with {len(pictures)} pictures, GB", value=used, limit=0.4)
        view.close()
        project.close()
    yield from making()


def shown(project: Project) -> tuple[GalleryModel, GalleryView, Pictures]:
    """A view of the whole project whose pictures are all there."""
    pictures, model = Pictures(), GalleryModel()
    gray = np.random.default_rng(0).integers(0, 255, (EDGE_PX,) * 2, dtype=np.uint8)

    def picture(item: Item) -> object:
        circle = item.particle.circle
        content = str(item.micrograph)
        if pictures.get(content, circle) is None:
            pictures.put(content, circle, gray)
        return pictures.get(content, circle)

    view = GalleryView(model, picture, lambda _item: False)
    view.resize(*VIEW_PX)
    view.show()
    model.update(collect(project, {}))
    QApplication.processEvents()
    return model, view, pictures


def steps(
    project: Project, model: GalleryModel, view: GalleryView
) -> Iterator[tuple[str, Callable[[], object], float]]:
    """Name, what to run, and the most seconds that it may take."""

    def fill() -> None:
        fresh = GalleryModel()
        fresh.update(collect(project, {}))
        assert fresh.rowCount() == model.rowCount()

    def look_at_all() -> None:
        model.update(collect(project, model.arrangement.present))

    def sort(sorting: str) -> Callable[[], None]:
        return lambda: model.choose(Choice(sorting=sorting))

    yield f"fill it with {model.rowCount()} particles", fill, 0.5
    yield "nothing new, after a micrograph was opened", look_at_all, 0.2
    yield "sort by doubt", sort("doubt"), 0.3
    yield "sort by size", sort("size"), 0.3
    yield "choose all", view.selectAll, 0.1
    view.clearSelection()
    labels = iter(CLASSES * ROUNDS * 2)
    one, many = ids(model)[:1], ids(model)[:200]
    yield "label 1, stored and drawn", lambda: label(project, model, one, labels), 0.1
    yield "label 200 in 200 places", lambda: label(project, model, many, labels), 1.0


def ids(model: GalleryModel) -> list[str]:
    return [item.id for item in model.arrangement.rows]


def label(
    project: Project, model: GalleryModel, chosen: list[str], labels: Iterator[str]
) -> None:
    """What a key does, without the dock around it."""
    project.edits.label(chosen, next(labels))
    entries = project.micrographs.entries
    found = {
        one: item_of(
            project,
            project.particles.get(one),
            entries[project.particles.micrograph_of(one)],
        )
        for one in chosen
    }
    model.update(found)
    QApplication.processEvents()


def scrolling(application: QApplication, view: GalleryView) -> Iterator[Row]:
    """Half a line at a time, then a page at a time; everything is drawn."""
    bar = view.verticalScrollBar()
    for name, step, limit in (
        ("scroll by half a line, ms", bar.singleStep(), FRAME_MS),
        ("scroll by a page, ms", bar.pageStep(), 2 * FRAME_MS),
    ):
        bar.setValue(0)
        application.processEvents()
        times = [wall(partial(scroll, application, view, step)) for _ in range(STEPS)]
        usual, worst = (float(v) for v in np.percentile(times, (50, 95)))
        yield Row(name, usual, value=1000 * usual, limit=limit)
        yield Row(
            "  95 of 100 take less than, ms", worst, value=1000 * worst, limit=2 * limit
        )


def scroll(application: QApplication, view: GalleryView, step: int) -> None:
    bar = view.verticalScrollBar()
    bar.setValue(bar.value() + step if bar.value() < bar.maximum() else 0)
    application.processEvents()


def making() -> Iterator[Row]:
    """Thumbnails of one micrograph, in the worker."""
    pixels = sample_micrograph().pixels
    places = circles(0)
    took = statistics.median(
        wall(lambda: [thumbnail(pixels, one) for one in places]) for _ in range(ROUNDS)
    )
    yield Row(f"make {len(places)} thumbnails", took, value=took, limit=0.2)
