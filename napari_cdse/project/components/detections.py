"""Store and show the program's results: detections and predictions."""

from __future__ import annotations

import platform
from collections import Counter, OrderedDict
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from napari_cdse.core.errors import StoreError
from napari_cdse.core.params import recorded, same_search
from napari_cdse.core.records import Candidate
from napari_cdse.io.store.store import Run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from napari_cdse.core.detection.methods import Detection
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.records import Circle, Prediction
    from napari_cdse.io.store.records import MicrographRow
    from napari_cdse.io.store.store import Store
    from napari_cdse.project.components.settings import Settings
    from napari_cdse.project.state.change_tracker import Before, ChangeTracker
    from napari_cdse.project.state.events import ProjectEvents
    from napari_cdse.project.state.project_state import ProjectState
    from napari_cdse.project.state.selection import Selection

_MAPS_KEPT = 8
"""Micrographs whose detections, with their maps, stay in memory. A choice: going back a
few micrographs in a review shows their maps at once."""


class Detections:
    """Stores detections and predictions by workers, without changing annotations.

    Parameters
    ----------
    store : Store
    state : ProjectState
    selection : Selection
        The open micrograph.
    tracker : ChangeTracker
        Announces the particles affected.
    settings : Settings
        Parameters of detection.
    events : ProjectEvents
    """

    def __init__(
        self,
        store: Store,
        state: ProjectState,
        selection: Selection,
        tracker: ChangeTracker,
        settings: Settings,
        events: ProjectEvents,
    ) -> None:
        self._store = store
        self._state = state
        self._backlog = state.backlog
        self._table = state.micrographs
        self._particles = state.particles
        self._selection = selection
        self._tracker = tracker
        self._settings = settings
        self._events = events
        # By micrograph key, with the run's id, by which an outdated one is recognised.
        self._detections: OrderedDict[int, tuple[int, Detection]] = OrderedDict()

    @property
    def current(self) -> Detection | None:
        """The open micrograph's detection, if it is still in memory.

        None if it is not, if another window has made a newer one, or if another frame
        is read.
        """
        key = self._selection.key
        if key is None or key not in self._detections:
            return None
        run_id, detection = self._detections[key]
        return detection if run_id == self._table.row(key).run_id else None

    def put(
        self,
        micrograph_id: str,
        detection: Detection,
        candidates: Sequence[Candidate],
        predictions: Sequence[Prediction] = (),
        *,
        params: DetectionParams | None = None,
    ) -> None:
        """Store a worker's detection, or let it wait for the file.

        Parameters
        ----------
        micrograph_id : str
            `Micrograph.id`; the project must know it.
        detection : Detection
            Its maps are kept in memory only.
        candidates : sequence of Candidate
            They replace the micrograph's earlier ones.
        predictions : sequence of Prediction
            For the candidates' circles.
        params : DetectionParams, optional
            Parameters that the worker used; by default the project's.

        Raises
        ------
        StoreError
            If it cannot be stored or the micrograph isn't in the project.
        """
        self._backlog.write_or_wait(
            lambda: self._put(micrograph_id, detection, candidates, predictions, params)
        )

    def _put(
        self,
        micrograph_id: str,
        detection: Detection,
        candidates: Sequence[Candidate],
        predictions: Sequence[Prediction],
        params: DetectionParams | None,
    ) -> None:
        key = self._table.key_of_id(micrograph_id)
        if key is None:
            raise StoreError(
                "What was analysed is no micrograph of this project; open it again."
            )
        circles = {each.id: each.circle for each in candidates}
        placed = self._placed(predictions, circles)
        with self._store.transaction():
            run_id = self._store.findings.add_run(
                key, _run(detection, params or self._settings.detection), candidates
            )
            self._store.findings.add_predictions(placed)
            self._store.update_micrograph(key, **_columns(detection))
        self._table.update_here(key, run_id=run_id, **_columns(detection))
        self._remember(key, run_id, detection)
        before = self._tracker.before([key])
        self._particles.set_candidates(key, run_id, candidates)
        self._particles.set_predictions(self._of_active(placed))
        self._announce_detection(key, before)

    def put_predictions(
        self,
        model_id: str,
        predictions: Sequence[Prediction],
        circles: Mapping[str, Circle] | None = None,
    ) -> None:
        """Store a model's predictions, or let them wait for the file.

        Parameters
        ----------
        model_id : str
            The model that made all of them.
        predictions : sequence of Prediction
            At most one for each particle.
        circles : mapping of str to Circle, optional
            The circles that were classified, by particle id; by default the present
            ones. If a particle was moved meanwhile, its prediction holds for the old
            circle only.

        Raises
        ------
        StoreError
            If they cannot be stored.
        """
        if any(each.model_id != model_id for each in predictions):
            raise ValueError("predictions of another model")
        placed = self._placed(predictions, circles or {})
        self._backlog.write_or_wait(lambda: self._put_placed(model_id, placed))

    def _put_placed(
        self, model_id: str, placed: Sequence[tuple[Circle, Prediction]]
    ) -> None:
        self._store.findings.add_predictions(placed)
        if model_id != self._state.models.active_id:
            return
        ids = {each.particle_id for _, each in placed}
        before = {each: self._particles.find(each) for each in ids}
        keys = self._particles.set_predictions(placed)
        self._table.refresh(keys)
        changed = frozenset(
            each for each in ids if self._particles.find(each) != before[each]
        )
        if changed:
            self._events.queue_outdated.emit()
            self._events.particles_changed.emit(changed)

    def settings_used(self) -> list[dict[str, object]]:
        """Return the settings of the latest detections of micrographs in use.

        Returns
        -------
        list of dict
            Method, parameters, versions and number of micrographs; most used first.
        """
        used = {row.key for row in self._table.rows if row.excluded is None}
        found: dict[str, dict[str, object]] = {}
        counted: Counter[str] = Counter()
        for key, run in self._store.findings.latest_runs().items():
            if key in used:
                what: dict[str, object] = {
                    "found_by": run.found_by,
                    "parameters": dict(run.parameters),
                    "versions": dict(run.versions),
                }
                name = repr(what)
                found[name] = what
                counted[name] += 1
        return [
            {**found[name], "micrographs": number}
            for name, number in counted.most_common()
        ]

    def due(self, broken: Collection[int] = ()) -> list[int]:
        """Return the indices of the micrographs that "Detect in all" has to analyse.

        Those without a detection by the present parameters and pixel size, or with
        circles that the active model has not classified. If there are none, all that
        are not left out, so that the button always does something.

        Parameters
        ----------
        broken : collection of int
            Indices of files that could not be read; they are tried again, but do not
            count as the only ones left.
        """
        runs = self._store.findings.latest_runs()
        entries = self._table.entries()
        wanted = [each for each in entries if not each.excluded]
        due = [each for each in wanted if self._is_due(each.index, runs)]
        stopped = any(each.index not in broken for each in due)
        return [each.index for each in (due if stopped else wanted)]

    def unclassified(self, index: int | None = None) -> tuple[str, ...]:
        """Return the ids of particles without the active model's prediction.

        Parameters
        ----------
        index : int, optional
            Of the micrograph; by default the open one.
        """
        if self._state.models.active_id is None:
            return ()
        table = self._table
        key = self._selection.key if index is None else table.rows[index].key
        if key is None:
            return ()
        particles = self._particles.particles(key).values()
        return tuple(each.id for each in particles if each.prediction is None)

    def other_scale(self, index: int) -> float | None:
        """Return the pixel size of a micrograph's detection, if it differs from now.

        Circles and classes are those of that size until detection runs again.

        Parameters
        ----------
        index : int
            Of the micrograph.

        Returns
        -------
        float or None
            In nm; None if it is the present pixel size, if there is no detection, or if
            the file is locked.
        """
        row = self._table.rows[index]
        run = None
        with self._backlog.tolerate_busy():
            run = self._store.findings.latest_runs(row.key).get(row.key)
        if run is None or _is_at_present_size(row, run):
            return None
        return run.pixel_size_nm

    def other_settings(self, index: int) -> bool:
        """Tell whether a micrograph's detection had other parameters than the present.

        Parameters
        ----------
        index : int
            Of the micrograph.
        """
        row, run = self._table.rows[index], None
        with self._backlog.tolerate_busy():
            run = self._store.findings.latest_runs(row.key).get(row.key)
        wanted = self._settings.detection
        return run is not None and not same_search(run.parameters, wanted)

    def at_other_scales(self) -> frozenset[int]:
        """Return indices of the micrographs for which `other_scale` gives a size."""
        runs = self._store.findings.latest_runs()
        return frozenset(
            index
            for index, row in enumerate(self._table.rows)
            if row.key in runs and not _is_at_present_size(row, runs[row.key])
        )

    def bring_back(self) -> int:
        """Restore earlier detections that were made with the present settings.

        In each micrograph whose latest detection had other settings, an earlier one
        with the present settings is stored again as the latest. Annotations stay as
        they are; detections of another frame are ignored.

        Returns
        -------
        int
            Number of micrographs whose detection was restored.

        Raises
        ------
        StoreError
            If it cannot be stored.
        """
        kept = self._kept_runs()
        if kept:
            self._backlog.write_or_wait(lambda: self._bring_back(kept))
        return len(kept)

    def _kept_runs(self) -> dict[int, tuple[Run, tuple[Candidate, ...]]]:
        """Return each newest run with the present settings that isn't the latest."""
        latest = self._store.findings.latest_runs()
        rows = {row.key: row for row in self._table.rows}
        kept = {}
        method = self._settings.detection.method
        for key, run_id, run in self._store.findings.earlier_runs(method):
            row = rows.get(key)
            if row is None or row.content_id is None or key not in latest:
                continue
            if self._is_wanted(row, latest[key]) or not self._is_wanted(row, run):
                continue
            candidates = self._store.findings.candidates_of(run_id, row.content_id)
            if _is_of_present_pixels(row, candidates):
                kept[key] = run, candidates
        return kept

    def _bring_back(
        self, kept: Mapping[int, tuple[Run, tuple[Candidate, ...]]]
    ) -> None:
        before = self._tracker.before(kept)
        found = {}
        with self._store.transaction():
            for key, (run, candidates) in kept.items():
                again = self._store.findings.add_run(key, run, candidates)
                found[key] = again, candidates
        for key, (again, candidates) in found.items():
            self._table.update_here(key, run_id=again)
            self._particles.set_candidates(key, again, candidates)
            self._read_predictions(key)
        self._events.queue_outdated.emit()
        self._tracker.announce(before)
        self._events.micrographs_changed.emit()

    def follow_runs(self) -> None:
        """Show detections that other windows have stored."""
        ids = self._table.content_ids()
        latest = self._particles.latest_run()
        runs = self._store.findings.candidates(ids, after=latest)
        if not runs:
            return
        before = self._tracker.before(runs)
        for key, (run, found) in runs.items():
            self._particles.set_candidates(key, run, found)
            self._read_predictions(key)
        self._events.queue_outdated.emit()
        self._tracker.announce(before)

    # Inside

    def _is_due(self, index: int, runs: Mapping[int, Run]) -> bool:
        row = self._table.rows[index]
        run = runs.get(row.key)
        return not self._is_wanted(row, run) or bool(self.unclassified(index))

    def _is_wanted(self, row: MicrographRow, run: Run | None) -> bool:
        """Tell whether a run has the present parameters and pixel size."""
        if run is None or not same_search(run.parameters, self._settings.detection):
            return False
        return _is_at_present_size(row, run)

    def _remember(self, key: int, run_id: int, detection: Detection) -> None:
        self._detections[key] = run_id, detection
        self._detections.move_to_end(key)
        while len(self._detections) > _MAPS_KEPT:
            self._detections.popitem(last=False)

    def _placed(
        self, predictions: Iterable[Prediction], circles: Mapping[str, Circle]
    ) -> list[tuple[Circle, Prediction]]:
        """Pair predictions with their circles; drop those of unknown particles."""
        placed = []
        for each in predictions:
            circle = circles.get(each.particle_id)
            particle = self._particles.find(each.particle_id)
            if circle is None and particle is not None:
                circle = particle.circle
            if circle is not None:
                placed.append((circle, each))
        return placed

    def _of_active(
        self, placed: Iterable[tuple[Circle, Prediction]]
    ) -> list[tuple[Circle, Prediction]]:
        return [
            pair for pair in placed if pair[1].model_id == self._state.models.active_id
        ]

    def _announce_detection(self, key: int, before: Before) -> None:
        self._events.queue_outdated.emit()
        self._tracker.announce(before)
        self._events.micrographs_changed.emit()
        self._events.analysed.emit(self._table.index(key))

    def _read_predictions(self, key: int) -> None:
        model_id = self._state.models.active_id
        if model_id is not None:
            ids = self._particles.particles(key).keys()
            found = self._store.findings.predictions_of(model_id, ids)
            self._particles.set_predictions(found)


def _is_at_present_size(row: MicrographRow, run: Run) -> bool:
    """Tell whether a run's pixel size, if it was a given one, is still the same."""
    size = row.pixel_size
    used = run.pixel_size_nm if run.pixel_size_source.is_given else None
    known = size.nm if size is not None and size.source.is_given else None
    return used == known


def _is_of_present_pixels(row: MicrographRow, candidates: Sequence[Candidate]) -> bool:
    """Tell whether a run was made on the pixels that are read now.

    The ids of candidates depend on the micrograph's id, which includes the frame. A run
    without candidates counts if no frame was ever chosen.
    """
    if not candidates:
        return row.chosen_frame is None
    return any(
        Candidate.propose(row.content_id or "", each.circle, each.found_by).id
        == each.id
        for each in candidates
    )


def _columns(detection: Detection) -> dict[str, Any]:
    """Return the columns of a micrograph's row that a detection sets."""
    size = detection.pixel_size
    if size.source.is_given:
        return {"quality": detection.quality}
    return {
        "quality": detection.quality,
        "estimated_pixel_size_nm": size.nm,
        "estimated_source": size.source.value,
        "estimated_uncertainty": size.uncertainty,
        "estimated_other_nm": size.other_nm,
    }


def _run(detection: Detection, params: DetectionParams) -> Run:
    return Run(
        found_by=detection.found_by,
        parameters=recorded(params),
        pixel_size_nm=detection.pixel_size_nm,
        pixel_size_source=detection.pixel_size.source,
        window_px=detection.window_px,
        notices=detection.notices,
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    libraries = ("napari-cdse", "numpy", "scipy", "scikit-learn")
    found = {"python": platform.python_version()}
    for library in libraries:
        # In a checkout that isn't installed, the program itself has no distribution.
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found
