"""Tables of the program's results: runs, candidates, predictions and models."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import StoreError
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import (
    Candidate,
    Circle,
    ModelCard,
    Prediction,
)
from napari_cdse.io.store.records import (
    ModelRole,
    Run,
    card_from_json,
    card_to_json,
    damaged,
    dump_json,
    load_json,
    now,
)
from napari_cdse.io.store.unreadable import are_numbers, is_circle, is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari_cdse.io.store.database import Database


_ROUNDING = 1e-6
"""Largest excess of a probability over 1: several times rounding in single precision,
chosen."""
_PREDICTIONS = (
    "SELECT particle_id, row_px, col_px, radius_px, p_yes, p_no, p_null, p_empty,"
    " novelty FROM predictions"
)


class FindingTable:
    """Tables of detections with their circles, and of predictions by model.

    Results of earlier detections and earlier models stay in the file.

    Parameters
    ----------
    database : Database
        The open project file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_run(
        self, micrograph_key: int, run: Run, candidates: Sequence[Candidate]
    ) -> int:
        """Store a detection as the latest of its micrograph.

        Parameters
        ----------
        micrograph_key : int
            Key of the micrograph.
        run : Run
            How the circles were found.
        candidates : sequence of Candidate
            The circles.

        Returns
        -------
        int
            Id of the detection.
        """
        with self._database.transaction():
            run_id = self._insert_run(micrograph_key, run)
            self._database.execute_many(
                "INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (run_id, place, each.id, *_numbers(each.circle), *_origin(each))
                    for place, each in enumerate(candidates)
                ),
            )
            self._database.execute(
                "UPDATE micrographs SET run_id = ? WHERE key = ?",
                [run_id, micrograph_key],
            )
        return run_id

    def latest_run(self) -> int:
        """Return the id of the project's newest detection; 0 if there is none."""
        ((run_id,),) = self._database.rows("SELECT MAX(id) FROM runs")
        return int(run_id or 0)

    def latest_runs(self, only: int | None = None) -> dict[int, Run]:
        """Return each micrograph's latest detection, by the micrograph's key.

        Parameters
        ----------
        only : int, optional
            Key of the only micrograph to look up; by default all are.

        Returns
        -------
        dict of int to Run
            Without those that cannot be read.
        """
        statement = (
            "SELECT key, found_by, parameters, runs.pixel_size_nm, pixel_size_source,"
            " window_px, notices, versions, time FROM micrographs"
            " JOIN runs ON runs.id = run_id"
        )
        if only is None:
            rows = self._database.rows(statement)
        else:
            # Called at each step in the window, in projects of thousands.
            rows = self._database.rows(f"{statement} WHERE key = ?", [only])
        runs = {}
        for key, *columns in rows:
            try:
                runs[key] = _run_of(*columns)
            except StoreError:
                self._database.unreadable.note("detections", f"micrograph {key}")
        return runs

    def earlier_runs(self, found_by: str) -> Iterator[tuple[int, int, Run]]:
        """Yield the detections by a method, oldest first, without unreadable ones.

        Yields
        ------
        key : int
            Key of the micrograph.
        run_id : int
            Id of the detection.
        run : Run
        """
        rows = self._database.rows(
            "SELECT micrograph_key, runs.id, found_by, parameters, runs.pixel_size_nm,"
            " pixel_size_source, window_px, notices, versions, time FROM runs"
            " WHERE found_by = ? ORDER BY runs.id",
            [found_by],
        )
        for key, run_id, *columns in rows:
            with suppress(StoreError):
                yield key, run_id, _run_of(*columns)

    def candidates_of(self, run_id: int, micrograph_id: str) -> tuple[Candidate, ...]:
        """Return the candidates of one detection, without unreadable ones."""
        rows = self._database.rows(
            "SELECT particle_id, row_px, col_px, radius_px, found_by, strength"
            " FROM candidates WHERE run_id = ? ORDER BY place",
            [run_id],
        )
        candidates = (self._candidate(micrograph_id, row) for row in rows)
        return tuple(each for each in candidates if each is not None)

    def candidates(
        self, content_ids: Mapping[int, str], after: int = 0
    ) -> dict[int, tuple[int, tuple[Candidate, ...]]]:
        """Return the candidates of each micrograph's latest detection.

        Parameters
        ----------
        content_ids : mapping of int to str
            Micrograph ids by key; some may be missing.
        after : int
            Only detections with a larger id are returned.

        Returns
        -------
        dict of int to (int, tuple of Candidate)
            By micrograph key, the id of the detection and its candidates.
        """
        runs = self._database.rows(
            "SELECT key, run_id FROM micrographs WHERE run_id > ?", [after]
        )
        candidates: dict[int, list[Candidate]] = {run_id: [] for _, run_id in runs}
        keys = {run_id: key for key, run_id in runs}
        rows = self._database.rows(
            "SELECT run_id, particle_id, row_px, col_px, radius_px,"
            " candidates.found_by, strength FROM candidates"
            " JOIN micrographs USING (run_id) WHERE run_id > ?"
            " ORDER BY run_id, place",
            [after],
        )
        for run_id, *cells in rows:
            each = self._candidate(content_ids.get(keys[run_id], ""), cells)
            if each is not None:
                candidates[run_id].append(each)
        return {
            keys[run_id]: (run_id, tuple(each)) for run_id, each in candidates.items()
        }

    def _candidate(self, micrograph_id: str, cells: Sequence[Any]) -> Candidate | None:
        """Make a candidate of particle id, row, column, radius, method and strength.

        One that cannot be read is noted, and None returned.
        """
        particle_id, row, col, radius, found_by, strength = cells
        if not (is_circle(row, col, radius) and is_number(strength)):
            self._database.unreadable.note("circles found", particle_id)
            return None
        circle = Circle(row, col, radius)
        return Candidate(particle_id, micrograph_id, circle, found_by, strength)

    def add_predictions(self, predictions: Iterable[tuple[Circle, Prediction]]) -> None:
        """Store predictions, each with the circle that it was computed for."""
        with self._database.transaction():
            self._database.execute_many(
                "INSERT OR REPLACE INTO predictions VALUES (?,?,?,?,?,?,?,?,?,?)",
                (
                    (
                        each.model_id,
                        each.particle_id,
                        *_numbers(circle),
                        *each.probabilities,
                        each.novelty,
                    )
                    for circle, each in predictions
                ),
            )

    def predictions(self, model_id: str) -> Iterator[tuple[Circle, Prediction]]:
        """Yield a model's predictions, each with its circle; see `add_predictions`."""
        rows = self._database.rows(f"{_PREDICTIONS} WHERE model_id = ?", [model_id])
        yield from self._readable(model_id, rows)

    def predictions_of(
        self, model_id: str, particle_ids: Iterable[str]
    ) -> Iterator[tuple[Circle, Prediction]]:
        """Yield a model's predictions for the given particles; see `predictions`."""
        for particle_id in particle_ids:
            rows = self._database.rows(
                f"{_PREDICTIONS} WHERE model_id = ? AND particle_id = ?",
                [model_id, particle_id],
            )
            yield from self._readable(model_id, rows)

    def forget_predictions(self, model_id: str) -> None:
        """Delete the predictions of a rejected model."""
        with self._database.transaction():
            self._database.execute(
                "DELETE FROM predictions WHERE model_id = ?", [model_id]
            )

    def _readable(
        self, model_id: str, rows: Iterable[tuple[Any, ...]]
    ) -> Iterator[tuple[Circle, Prediction]]:
        for row in rows:
            # The first cell is the particle's id; the last, the novelty, may be NULL.
            cells = row[1:] if row[-1] is not None else row[1:-1]
            if are_numbers(cells) and is_circle(*row[1:4]) and _are_shares(row[4:8]):
                yield _prediction(model_id, row)
            else:
                self._database.unreadable.note("predictions", row[0])

    def _insert_run(self, micrograph_key: int, run: Run) -> int:
        cursor = self._database.execute(
            "INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                micrograph_key,
                run.found_by,
                run.time or now(),
                dump_json(dict(run.parameters)),
                dump_json(dict(run.versions)),
                run.pixel_size_nm,
                run.pixel_size_source,
                run.window_px,
                dump_json(list(run.notices)),
            ],
        )
        return int(cursor.lastrowid or 0)


class ModelTable:
    """Tables of forests with their cards, and of the choices among them.

    Parameters
    ----------
    database : Database
        The open project file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, card: ModelCard, data: bytes | None, role: ModelRole) -> None:
        """Store a model; a stored one keeps its role, unless it was rejected."""
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO models (id, card, role, added, data)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET data = COALESCE(data, excluded.data), role ="
                " CASE role WHEN 'rejected' THEN excluded.role ELSE role END",
                [card.id, card_to_json(card), role, now(), data],
            )

    def cards(self) -> list[tuple[ModelCard, ModelRole]]:
        """Return all cards with their roles, oldest first.

        Cards that cannot be read, or whose id is not that of their row, are left out.
        """
        rows = self._database.rows("SELECT id, card, role FROM models ORDER BY rowid")
        cards: list[tuple[ModelCard, ModelRole]] = []
        for model_id, text, role in rows:
            with suppress(StoreError):
                card = card_from_json(text)
                if card.id == model_id:
                    cards.append((card, role))
                    continue
            self._database.unreadable.note("model cards", model_id)
        return cards

    def replace_card(self, card: ModelCard) -> None:
        """Replace the stored card of the same id."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE models SET card = ? WHERE id = ?", [card_to_json(card), card.id]
            )

    def data(self, model_id: str) -> bytes | None:
        """Return the bytes of a model; None if it is unknown or was dropped."""
        rows = self._database.rows("SELECT data FROM models WHERE id = ?", [model_id])
        return rows[0][0] if rows else None

    def choose(self, model_id: str, annotator: str) -> None:
        """Make a model the active one and record who did so."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE models SET role = 'kept' WHERE id = ? AND role <> 'shipped'",
                [model_id],
            )
            self._database.execute(
                "INSERT INTO model_choices VALUES (NULL, ?, ?, ?)",
                [model_id, now(), annotator],
            )

    def choices(self) -> list[str]:
        """Return the ids of the models that were active, oldest first."""
        rows = self._database.rows("SELECT model_id FROM model_choices ORDER BY id")
        return [str(row[0]) for row in rows]

    def reject(self, model_id: str) -> None:
        """Keep a model's card and drop its bytes."""
        with self._database.transaction():
            self._database.execute(
                "UPDATE models SET role = 'rejected', data = NULL WHERE id = ?",
                [model_id],
            )


def _prediction(model_id: str, row: tuple[Any, ...]) -> tuple[Circle, Prediction]:
    particle_id, row_px, col_px, radius_px, yes, no, null, empty, novelty = row
    said = Prediction(particle_id, model_id, (yes, no, null, empty), novelty)
    return Circle(row_px, col_px, radius_px), said


def _run_of(
    found_by: str,
    parameters: str,
    pixel_size_nm: float,
    source: str,
    window_px: int,
    *words: str,
) -> Run:
    notices, versions, time = words
    if source not in list(PixelSizeSource):
        raise damaged("a detection")
    told = load_json(notices, "what a detection said")
    run = Run(
        found_by=found_by,
        parameters=load_json(parameters, "a detection's parameters"),
        pixel_size_nm=pixel_size_nm,
        pixel_size_source=PixelSizeSource(source),
        window_px=window_px,
        notices=tuple(told) if isinstance(told, list) else (),
        versions=load_json(versions, "a detection's versions"),
        time=time,
    )
    tables = isinstance(run.parameters, dict) and isinstance(run.versions, dict)
    texts = all(isinstance(each, str) for each in (found_by, time, *run.notices))
    numbers = is_number(pixel_size_nm, 0) and is_number(window_px)
    if not (tables and texts and numbers):
        raise damaged("a detection")
    return run


def _are_shares(chances: Sequence[float]) -> bool:
    return min(chances) >= 0 and max(chances) <= 1 + _ROUNDING


def _numbers(circle: Circle) -> tuple[Any, ...]:
    return circle.row_px, circle.col_px, circle.radius_px


def _origin(candidate: Candidate) -> tuple[Any, ...]:
    return candidate.found_by, candidate.strength
