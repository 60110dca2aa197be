"""Settings that the user chose for a project, stored in its file."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from napari_cdse.core.detection import registry
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.material import Material
from napari_cdse.core.params import DetectionParams, recorded
from napari_cdse.core.pixel_size import MAX_PIXEL_SIZE_ERROR
from napari_cdse.core.statistics.visible_defects import HALF_WIDTH
from napari_cdse.io.images.frame import frame_choice
from napari_cdse.io.store.records import dump_json
from napari_cdse.io.store.store import DETECTION
from napari_cdse.io.store.waiting_steps import SettingChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.io.store.store import Store
    from napari_cdse.project.state.backlog import Backlog

_FRAMES = "frames_of_all"
_SCALE_BAR = "scale_bar"
_HALF_WIDTH = "half_width"
_PIXEL_SIZE_ERROR = "pixel_size_error"
_VISIBILITY = "visibility"
_TITLES = {
    DETECTION: "how particles are searched for",
    _FRAMES: "the frames of stacks and movies",
    _HALF_WIDTH: "the width of the interval that is needed",
    _PIXEL_SIZE_ERROR: "the uncertainty of pixel sizes",
    _SCALE_BAR: "the length of the scale bar",
    _VISIBILITY: "the simulation of what is visible",
}
DEFAULTS: dict[str, Any] = {
    DETECTION: {},
    _FRAMES: ("0", 0),
    _HALF_WIDTH: HALF_WIDTH,
    _PIXEL_SIZE_ERROR: 0.0,
    _SCALE_BAR: (20.0, "nm"),
    _VISIBILITY: "",
}

_METHOD_OF_BEFORE = "bragg"
"""Of projects that hold none: all searched by this one before it could be another."""

MAX_HALF_WIDTH = 0.5
"""No interval of a fraction is wider."""


class Settings:
    """Settings that are no steps: undo does not take them back.

    They are held in memory, since the window shows them while another program may hold
    the file; what is set then waits for it.

    Parameters
    ----------
    store : Store
    backlog : Backlog
    """

    def __init__(self, store: Store, backlog: Backlog) -> None:
        self._store = store
        self._backlog = backlog
        self._known = dict(DEFAULTS)

    def read(self) -> None:
        """Read what the file holds, as at opening or after another window wrote."""
        for name, default in DEFAULTS.items():
            self._known[name] = self._store.setting(name, default)
        for name, change in self._backlog.settings.items():
            self._known[name] = change.after

    @property
    def waiting(self) -> list[str]:
        """What was set and waits for the file, in words."""
        return [_TITLES[name] for name in self._backlog.settings]

    def store_left(
        self, changes: Iterable[SettingChange]
    ) -> tuple[list[str], list[str]]:
        """Store what was set before a program ended that could not store it.

        Parameters
        ----------
        changes : iterable of SettingChange
            At most one of each setting.

        Returns
        -------
        stored, refused : list of str
            In words; what another window has set since stays as that one has it.

        Raises
        ------
        StoreError
            If they can't be stored; then none is.
        """
        stored, refused = [], []
        with self._store.transaction():
            for each in changes:
                now = self._store.setting(each.name, DEFAULTS[each.name])
                if _same(now, each.before) and not _same(now, each.after):
                    self._store.set_setting(each.name, each.after)
                    stored.append(_TITLES[each.name])
                elif not _same(now, each.after):
                    refused.append(_TITLES[each.name])
        self.read()
        return stored, refused

    @property
    def detection(self) -> DetectionParams:
        """How this project's micrographs are searched for particles."""
        stored = {"method": _METHOD_OF_BEFORE, **self._known[DETECTION]}
        known = {entry.name for entry in fields(DetectionParams)}
        try:
            if stored.get("material") is not None:
                stored["material"] = Material(**stored["material"])
            return DetectionParams(**{k: v for k, v in stored.items() if k in known})
        except (ParameterError, TypeError, AttributeError, ValueError):
            # Another version's ranges; its results are still stored with their runs.
            method = stored["method"]
            return DetectionParams(
                method=method if method in registry.names() else _METHOD_OF_BEFORE
            )

    @detection.setter
    def detection(self, params: DetectionParams) -> None:
        self._set(DETECTION, recorded(params))

    @property
    def frames(self) -> tuple[FrameChoice, int]:
        """What was chosen last for all stacks and movies, and up to which micrograph.

        The number is the key of the newest one that was asked then: those that came
        later have larger ones.
        """
        try:
            choice, newest_key = self._known[_FRAMES]
            return frame_choice(str(choice)), int(newest_key)
        except (TypeError, ValueError, OverflowError):
            return 0, 0

    @frames.setter
    def frames(self, choice_and_key: tuple[FrameChoice, int]) -> None:
        choice, newest_key = choice_and_key
        self._set(_FRAMES, [str(choice), newest_key])

    @property
    def half_width(self) -> float:
        """Half the width of the fraction's interval that the user needs, up to 0.5."""
        told = float(self._known[_HALF_WIDTH])
        return told if 0 < told <= MAX_HALF_WIDTH else HALF_WIDTH

    @half_width.setter
    def half_width(self, half_width: float) -> None:
        if not 0 < half_width <= MAX_HALF_WIDTH:
            raise ParameterError(
                f"{half_width:g} is no half width of an interval of a fraction; take "
                f"one above 0, up to {MAX_HALF_WIDTH:g}."
            )
        self._set(_HALF_WIDTH, half_width)

    @property
    def pixel_size_error(self) -> float:
        """Relative standard uncertainty of pixel sizes that file or person told.

        No file tells it. 0, which is where it begins, takes them as exact.
        """
        told = float(self._known[_PIXEL_SIZE_ERROR])
        return told if 0 <= told <= MAX_PIXEL_SIZE_ERROR else 0.0

    @pixel_size_error.setter
    def pixel_size_error(self, error: float) -> None:
        if not 0 <= error <= MAX_PIXEL_SIZE_ERROR:
            raise ParameterError(
                f"{error:g} is no relative uncertainty of a pixel size; take one from "
                f"0 to {MAX_PIXEL_SIZE_ERROR:g}."
            )
        self._set(_PIXEL_SIZE_ERROR, error)

    @property
    def visibility(self) -> str:
        """By which simulation the defect content is estimated; empty: it is not."""
        return str(self._known[_VISIBILITY])

    @visibility.setter
    def visibility(self, name_or_path: str) -> None:
        self._set(_VISIBILITY, name_or_path)

    @property
    def scale_bar(self) -> tuple[float, str]:
        """Length and unit of the scale bar that was measured last."""
        length, unit = self._known[_SCALE_BAR]
        return float(length), str(unit)

    @scale_bar.setter
    def scale_bar(self, length_and_unit: tuple[float, str]) -> None:
        self._set(_SCALE_BAR, list(length_and_unit))

    def _set(self, name: str, value: Any) -> None:
        # Known once it is stored or waits: where neither may be, nothing has changed.
        self._backlog.set_setting(SettingChange(name, self._known[name], value))
        self._known[name] = value


def _same(one: Any, other: Any) -> bool:
    """Compare two values as JSON has them, to which a tuple is a list."""
    return dump_json(one) == dump_json(other)
