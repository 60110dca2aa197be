"""What a person chose for a project, and her name."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.params import DetectionParams
from napari_cdse.project.context import ANNOTATOR, ProjectBase
from napari_cdse.project.state.annotator_labels import latest, notes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cdse.project.state.records import Particle

_DETECTION = "detection_params"


class ProjectSettings(ProjectBase):
    """Settings that are kept in the project's file; see `Project`."""

    @property
    def annotator(self) -> str:
        """Whose labels the next ones are; each login has its own name.

        What another window calls its annotator does not change it here.
        """
        return self._annotator

    @annotator.setter
    def annotator(self, name: str) -> None:
        name = name.strip()
        if name == self._annotator:
            return
        if not self.read_only:
            self._keep_place()
        self._annotator = name
        self._sitting.passed = self._passed()
        self._look()
        if not self.read_only:
            self._store.set_setting(f"{ANNOTATOR}/{self._login}", name)

    @property
    def detection_params(self) -> DetectionParams:
        """How this project's micrographs are searched for particles."""
        stored = self._store.setting(_DETECTION, {})
        known = {entry.name for entry in fields(DetectionParams)}
        try:
            return DetectionParams(**{k: v for k, v in stored.items() if k in known})
        except (ParameterError, TypeError, AttributeError):
            # Another version's ranges; its results are still stored with their runs.
            return DetectionParams()

    @detection_params.setter
    def detection_params(self, params: DetectionParams) -> None:
        self._store.set_setting(_DETECTION, asdict(params))

    def copy_to(self, path: Path) -> None:
        """Write a copy of the project elsewhere; the micrographs stay where they are.

        Raises
        ------
        StoreError
            If a file is there already, or none can be made.
        """
        self._store.copy_to(path)

    # Inside

    def _look(self) -> None:
        """Show the labels that this annotator may see."""
        mine = self.annotator if self._hide_others else None
        self._state.look_as(mine)
        self._catalog.refresh()
        self.particles_changed.emit(None)
        self.micrographs_changed.emit()
        self.history_changed.emit()

    def _as_stored(self, particle_id: str) -> Particle:
        particle = self.particle(particle_id)
        return self._state.stored(particle_id) or particle

    def _others_labelled(self, particle_id: str) -> bool:
        return bool(latest(self.said_of(particle_id)).keys() - {self.annotator})

    def _others_note(self, particle_id: str) -> str:
        """Return what others wrote about a particle and this annotator can't see."""
        stored, seen = self._as_stored(particle_id), self.particle(particle_id)
        note = "" if stored.annotation is None else stored.annotation.note
        if note == ("" if seen.annotation is None else seen.annotation.note):
            return ""
        others, _ = notes(self.said_of(particle_id), self.annotator)
        return others
