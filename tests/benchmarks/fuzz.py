"""Damaged files of every kind: each is opened, or refused in a sentence, and in time.

    python -m tests.benchmarks fuzz

Every kind of file is damaged some thousand times, in a process of its own that may take
only so much memory. Half of the model files and projects are damaged within, where
checksums still agree: bytes of an unpacked part, cells of a table. Whatever is neither
opened nor refused by an error of our own is a crash: its number is printed, and
``mutated(kind, whole, number)`` makes it again.
"""

from __future__ import annotations

import io
import multiprocessing
import resource
import sqlite3
import tempfile
import time
import traceback
import zipfile
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from napari_cdse.core.classifier.forest import predict_proba
from napari_cdse.core.errors import CdseError
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.labels.label_file import format_labels, read_label_file
from napari_cdse.io.models.model_file import load_model, model_bytes
from napari_cdse.project import Project
from tests.project_tools import hand_over, put_circles, small_model, write_folder
from tests.tables import drawn_set

if TYPE_CHECKING:
    from collections.abc import Callable

    Random = np.random.Generator

NUMBER = 2000
QUICK = 300
MEMORY_BYTES = 4 * 2**30
"""Address space of a process: what the libraries map, and little more."""
PATIENCE_S = 30.0
"""Longest wait for one file, on a busy machine too."""
PIXELS = (np.add.outer(np.arange(90), np.arange(140)) % 251).astype(np.uint8)
CIRCLES = (Circle(30.0, 40.0, 10.0), Circle(60.0, 70.5, 12.0))
CELLS = (None, -1, 2**62, 1e308, -0.5, "", "x", "[]", "{}", "[[1]]", "NaN", b"\xff\0")


class Outcome(NamedTuple):
    """What became of one damaged file."""

    number: int
    opened: bool
    crash: str
    seconds: float


def _label_file() -> bytes:
    return format_labels(CIRCLES, ["yes", "null"], PIXELS.shape).encode()


def _picture(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, kind)
    return stream.getvalue()


def _project() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        project = Project.create_or_open(write_folder(Path(name) / "sample"))
        hand_over(project)
        model = small_model()
        project.models.add(model)
        project.models.keep(model.card.id)
        first, second = put_circles(project, list(CIRCLES), model.card.id)
        project.edits.label([first], "no")
        project.edits.label([second], "yes")
        project.history.undo()
        project.close()
        return project.path.read_bytes()


def _open_model(path: Path) -> None:
    told = predict_proba(load_model(path), drawn_set(1).table)
    assert np.allclose(told.sum(axis=1), 1)


def _open_labels(path: Path) -> None:
    found = read_label_file(path)
    for circle in found.circles if found else ():
        assert 0 < circle.radius_px <= np.hypot(*found.shape)


def _open_picture(path: Path) -> None:
    assert np.isfinite(read_micrograph(path).pixels).all()


def _open_project(path: Path) -> None:
    project = Project.create_or_open(path)
    try:
        for index, _ in enumerate(project.micrographs.entries):
            for each in project.particles.of(index):
                assert each.circle.radius_px > 0
        _ = project.resume_point.index, project.history.undo_summary
        _ = project.settings.scale_bar, project.settings.detection
        project.detections.due()
    finally:
        project.close()


KINDS: dict[str, tuple[str, Callable[[], bytes], Callable[[Path], None]]] = {
    "model files": (".skops", lambda: model_bytes(small_model()), _open_model),
    "label files": (".txt", _label_file, _open_labels),
    "PNG": (".png", lambda: _picture("PNG"), _open_picture),
    "TIFF": (".tif", lambda: _picture("TIFF"), _open_picture),
    "projects": (".cdse", _project, _open_project),
}
"""Suffix, a whole file, and how it is opened and looked at."""


def mutated(kind: str, whole: bytes, number: int) -> bytes:
    """Damage a file; the same number damages it alike."""
    rng = np.random.default_rng([number, len(whole)])
    if number % 2 and kind == "model files":
        return _part_damaged(whole, rng)
    if number % 2 and kind == "projects":
        return _cell_damaged(whole, rng)
    return _bytes_damaged(whole, rng)


def _bytes_damaged(whole: bytes, rng: Random) -> bytes:
    data = bytearray(whole)
    for _ in range(rng.integers(1, 4)):
        at, length = int(rng.integers(0, max(len(data), 1))), int(rng.integers(1, 40))
        what = rng.integers(0, 6)
        if what == 0 and data:
            data[at] ^= 1 << int(rng.integers(0, 8))
        elif what == 1:
            data[at : at + length] = rng.bytes(length)
        elif what == 2:
            del data[at : at + length]
        elif what == 3:
            data[at:at] = data[at // 2 : at // 2 + length]
        elif what == 4:
            data[at : at + 4] = bytes([0xFF, 0xFF, 0xFF, 0x7F])
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)


def _part_damaged(whole: bytes, rng: Random) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        chosen = rng.choice([*names, *["schema.json"] * len(names)])
        for name in names:
            part = old.read(name)
            new.writestr(name, _bytes_damaged(part, rng) if name == chosen else part)
    return stream.getvalue()


def _cell_damaged(whole: bytes, rng: Random) -> bytes:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(whole)
    kinds = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    for type_, name in kinds:
        if type_ == "trigger":
            connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    tables = [n for t, n in kinds if t == "table" and not n.startswith("sqlite_")]
    table = rng.choice(tables)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    column = rng.choice(columns)
    rows = connection.execute(f"SELECT {column} FROM {table}").fetchall()
    value = CELLS[rng.integers(0, len(CELLS))]
    if rows and isinstance(rows[0][0], str) and rng.random() < 0.5:
        value = _bytes_damaged(rows[0][0].encode(), rng).decode("utf-8", "replace")
    try:
        connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", [value])
    except sqlite3.Error:
        pass  # what SQLite itself keeps out can't stand in a file
    return connection.serialize()


def _work(kind: str, numbers: range, whole: bytes, results: object) -> None:
    """Open one damaged file after the other; runs in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    suffix, _, opened = KINDS[kind]
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"damaged{suffix}")
            path.write_bytes(mutated(kind, whole, number))
            results.put(_outcome(number, path, opened))


def _outcome(number: int, path: Path, opened: Callable[[Path], None]) -> Outcome:
    began = time.perf_counter()
    good, crash = False, ""
    try:
        opened(path)
        good = True
    except CdseError as problem:
        crash = "" if "\n" not in str(problem) else f"two lines: {problem}"
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        crash = traceback.format_exc()
    return Outcome(number, good, crash, time.perf_counter() - began)


def fuzz(kind: str, number: int) -> list[Outcome]:
    """Damage a kind of file so many times; a process that dies is started anew."""
    context = multiprocessing.get_context("spawn")
    whole, outcomes = KINDS[kind][1](), []
    while len(outcomes) < number:
        results = context.Queue()
        todo = range(len(outcomes), number)
        process = context.Process(target=_work, args=(kind, todo, whole, results))
        process.start()
        outcomes += _collected(process, results, len(outcomes), number)
        process.kill()
        process.join()
    return outcomes


def _collected(
    process: object, results: object, first: int, number: int
) -> list[Outcome]:
    """Gather outcomes until all are there, or one is waited for in vain."""
    found: list[Outcome] = []
    while first + len(found) < number:
        try:
            # A process has to import everything first.
            found.append(results.get(timeout=PATIENCE_S * (1 if found else 4)))
        except Empty:
            dead = "died" if not process.is_alive() else f"took over {PATIENCE_S:g} s"
            found.append(Outcome(first + len(found), False, dead, PATIENCE_S))
            break
    return found


def show(quick: bool = False) -> None:
    """Print a line for each kind of file, and what crashed."""
    number = QUICK if quick else NUMBER
    print(f"{'damaged':<14}{'opened':>8}{'refused':>9}{'crashed':>9}{'longest s':>11}")
    for kind in KINDS:
        told = fuzz(kind, number)
        crashed = [each for each in told if each.crash]
        opened = sum(each.opened for each in told)
        refused = len(told) - opened - len(crashed)
        longest = max(each.seconds for each in told)
        print(
            f"{kind:<14}{opened:>8}{refused:>9}{len(crashed):>9}{longest:>11.2f}",
            flush=True,
        )
        for each in crashed[:5]:
            print(f"  number {each.number}: {each.crash.strip()}", flush=True)
