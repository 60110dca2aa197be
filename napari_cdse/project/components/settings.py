"""What the user chose for a project, kept in its file."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.params import DetectionParams

if TYPE_CHECKING:
    from napari_cdse.io.store.store import Store

_DETECTION = "detection_params"
_SCALE_BAR = "scale_bar"


class Settings:
    """Settings that are no steps: undo does not take them back.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def detection(self) -> DetectionParams:
        """How this project's micrographs are searched for particles."""
        stored = self._store.setting(_DETECTION, {})
        known = {entry.name for entry in fields(DetectionParams)}
        try:
            return DetectionParams(**{k: v for k, v in stored.items() if k in known})
        except (ParameterError, TypeError, AttributeError):
            # Another version's ranges; its results are still stored with their runs.
            return DetectionParams()

    @detection.setter
    def detection(self, params: DetectionParams) -> None:
        self._store.set_setting(_DETECTION, asdict(params))

    @property
    def scale_bar(self) -> tuple[float, str]:
        """Length and unit of the scale bar that was measured last."""
        length, unit = self._store.setting(_SCALE_BAR, (20.0, "nm"))
        return float(length), str(unit)

    @scale_bar.setter
    def scale_bar(self, length_and_unit: tuple[float, str]) -> None:
        self._store.set_setting(_SCALE_BAR, list(length_and_unit))
