"""What the program finds: detections and predictions."""

from __future__ import annotations

import platform
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cdse.core.errors import StoreError
from napari_cdse.io.store.store import Run
from napari_cdse.project.components.models import ProjectForests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from napari_cdse.core.detection.methods import Detection
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.records import Candidate, Circle, Prediction
    from napari_cdse.project.state.records import Particle

_MAPS_KEPT = 8
"""Accumulation maps of this many micrographs stay in memory."""


class ProjectFindings(ProjectForests):
    """Detections and predictions; see `Project`."""

    analysed = Signal(int)

    # Detection and classification

    @property
    def detection(self) -> Detection | None:
        """The open micrograph's detection, if it was made or seen lately."""
        return None if self._current is None else self._detections.get(self._current)

    def put_analysis(
        self,
        micrograph_id: str,
        detection: Detection,
        candidates: Sequence[Candidate],
        predictions: Sequence[Prediction] = (),
        *,
        params: DetectionParams | None = None,
    ) -> None:
        """Store what a worker found; no annotation is touched by it.

        Parameters
        ----------
        micrograph_id : str
            Content id; the micrograph was handed over or made known before.
        detection : Detection
            How they were found; its maps are kept in memory only.
        candidates : sequence of Candidate
            In place of the micrograph's earlier ones.
        predictions : sequence of Prediction
            For the candidates' circles.
        params : DetectionParams, optional
            Those the worker used; the project's own without it.

        Raises
        ------
        StoreError
            If it cannot be stored or the micrograph isn't in the project.
        """
        key = self._catalog.key_of_id(micrograph_id)
        if key is None:
            raise StoreError(
                "What was analysed is no micrograph of this project; open it again."
            )
        circles = {each.id: each.circle for each in candidates}
        placed = self._placed(predictions, circles)
        with self._store.transaction():
            run_id = self._store.findings.add_run(
                key, _run(detection, params or self.detection_params), candidates
            )
            self._store.findings.add_predictions(placed)
            self._store.update_micrograph(key, **_estimate(detection))
        self._catalog.update_here(key, run_id=run_id, **_estimate(detection))
        self._remember(key, detection)
        before = self._present(key)
        self._state.set_candidates(key, run_id, candidates)
        self._state.set_predictions(self._of_active(placed))
        self._tell_found(key, before)

    def put_predictions(
        self,
        model_id: str,
        predictions: Sequence[Prediction],
        circles: Mapping[str, Circle] | None = None,
    ) -> None:
        """Store a model's word on particles.

        Parameters
        ----------
        model_id : str
            The model that made all of them.
        predictions : sequence of Prediction
            At most one for each particle.
        circles : mapping of str to Circle, optional
            The circles that were classified, by particle id; where a particle was
            moved meanwhile, its prediction is kept for the old place. The present
            circles without it.

        Raises
        ------
        StoreError
            If they cannot be stored.
        """
        if any(each.model_id != model_id for each in predictions):
            raise ValueError("predictions of another model")
        placed = self._placed(predictions, circles or {})
        self._store.findings.add_predictions(placed)
        if model_id != self.active_model_id:
            return
        ids = {each.particle_id for _, each in placed}
        before = {each: self.find(each) for each in ids}
        keys = self._state.set_predictions(placed)
        self._catalog.refresh(keys)
        changed = frozenset(each for each in ids if self.find(each) != before[each])
        if changed:
            self._forget_order()
            self.particles_changed.emit(changed)

    def to_detect(self, broken: Collection[int] = ()) -> list[int]:
        """Return the indices of the micrographs that a detection in all is due for.

        Those that were not detected in with the present parameters and pixel size, or
        hold circles without the active model's word; if there are none, all that are
        not left out.

        Parameters
        ----------
        broken : collection of int
            Indices of files that could not be read: tried again, but never alone.
        """
        runs = self._store.findings.latest_runs()
        wanted = [each for each in self.entries if not each.excluded]
        due = [each for each in wanted if self._is_due(each.index, runs)]
        stopped = any(each.index not in broken for each in due)
        return [each.index for each in (due if stopped else wanted)]

    def unclassified(self, index: int | None = None) -> tuple[str, ...]:
        """Return ids of particles that lack the active model's word on their circle.

        Parameters
        ----------
        index : int, optional
            Of a micrograph; the open one without it.
        """
        if self.active_model_id is None:
            return ()
        particles = self.particles if index is None else self.particles_of(index)
        return tuple(each.id for each in particles if each.prediction is None)

    # Inside

    def _is_due(self, index: int, runs: Mapping[int, Run]) -> bool:
        row = self._catalog.rows[index]
        run = runs.get(row.key)
        if run is None or run.parameters != asdict(self.detection_params):
            return True
        size, source = row.pixel_size or (None, "estimated")
        used = None if run.pixel_size_source == "estimated" else run.pixel_size_nm
        known = None if source == "estimated" else size
        return used != known or bool(self.unclassified(index))

    def _remember(self, key: int, detection: Detection) -> None:
        self._detections[key] = detection
        self._detections.move_to_end(key)
        while len(self._detections) > _MAPS_KEPT:
            self._detections.popitem(last=False)

    def _placed(
        self, predictions: Iterable[Prediction], circles: Mapping[str, Circle]
    ) -> list[tuple[Circle, Prediction]]:
        """Pair predictions with the circles they are for; drop what has none."""
        placed = []
        for each in predictions:
            circle = circles.get(each.particle_id)
            particle = self.find(each.particle_id)
            if circle is None and particle is not None:
                circle = particle.circle
            if circle is not None:
                placed.append((circle, each))
        return placed

    def _of_active(
        self, placed: Iterable[tuple[Circle, Prediction]]
    ) -> list[tuple[Circle, Prediction]]:
        return [pair for pair in placed if pair[1].model_id == self.active_model_id]

    def _tell_found(self, key: int, before: Mapping[str, Particle]) -> None:
        changed = self._compare(before, self._present(key))
        self._catalog.refresh([key])
        self._forget_order()
        if self._selected is not None and self.find(self._selected) is None:
            self.select(None)
        self.particles_changed.emit(frozenset(changed))
        self.micrographs_changed.emit()
        self.analysed.emit(self._catalog.index(key))


def _estimate(detection: Detection) -> dict[str, float]:
    if detection.pixel_size_source != "estimated":
        return {}
    return {"estimated_pixel_size_nm": detection.pixel_size_nm}


def _run(detection: Detection, params: DetectionParams) -> Run:
    return Run(
        found_by=detection.found_by,
        parameters=asdict(params),
        pixel_size_nm=detection.pixel_size_nm,
        pixel_size_source=detection.pixel_size_source,
        window_px=detection.window_px,
        notices=detection.notices,
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    libraries = ("napari-cdse", "numpy", "scipy", "scikit-learn")
    found = {"python": platform.python_version()}
    for library in libraries:
        # Run from a bare checkout, the program itself is no installed distribution.
        with suppress(PackageNotFoundError):
            found[library] = version(library)
    return found
