"""Load or recompute accumulation maps of micrographs analysed before."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.detection.registry import METHODS
from napari_cdse.core.params import recorded
from napari_cdse.core.progress import part_of
from napari_cdse.io.map_file import MapFile
from napari_cdse.io.problem_report import Failure, attempt
from napari_cdse.pipeline import find
from napari_cdse.pipeline.program_state import program_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.detection.accumulation_map import AccumulationMap
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.core.progress import Progress
    from napari_cdse.core.records import Micrograph

    Maps = tuple[AccumulationMap, ...]


@dataclass(frozen=True, slots=True)
class MapIdentity:
    """All that the maps of a micrograph follow from, but for the program.

    Attributes
    ----------
    micrograph_id : str
        Content hash of its pixels.
    pixel_size_nm : float or None
    pixel_size_source : str or None
        Both as the file or the user said it.
    params : DetectionParams
    model_id : str or None
        Of the forest, where the method asks one.
    """

    micrograph_id: str
    pixel_size_nm: float | None
    pixel_size_source: str | None
    params: DetectionParams
    model_id: str | None

    @classmethod
    def of(
        cls, micrograph: Micrograph, model: Model | None, params: DetectionParams
    ) -> MapIdentity:
        """Name the maps that a method finds in a micrograph."""
        asks = METHODS[params.method].needs_forest and model is not None
        source = micrograph.pixel_size_source
        return cls(
            micrograph.id,
            micrograph.pixel_size_nm,
            None if source is None else str(source),
            params,
            model.card.id if asks and model is not None else None,
        )

    def digest(self) -> str:
        """Name them for a file that other versions of the program write to as well."""
        told = {
            "micrograph": self.micrograph_id,
            "pixel_size_nm": self.pixel_size_nm,
            "pixel_size_source": self.pixel_size_source,
            "params": recorded(self.params),
            "model": self.model_id,
            "program": program_state(),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def mapping(
    micrograph: Micrograph,
    model: Model | None,
    params: DetectionParams,
    report: Progress,
    path: Path | None = None,
) -> Iterator[Maps]:
    """Give the accumulation maps of a micrograph that was analysed before.

    Parameters
    ----------
    micrograph : Micrograph
        With its pixels.
    model : Model or None
        The forest in use.
    params : DetectionParams
        As of the detection.
    report : callable
        Takes the share done.
    path : Path, optional
        File that keeps maps between sessions; none is kept without it.
    """
    identity = MapIdentity.of(micrograph, model, params)
    maps = None if path is None else _kept(path, identity)
    if maps is None:
        maps = find(micrograph, model, params, report).maps
        keep(path, identity, maps)
    yield maps


def mapping_ahead(
    micrographs: Sequence[tuple[Path, Micrograph]],
    model: Model | None,
    params: DetectionParams,
    report: Progress,
    path: Path | None = None,
) -> Iterator[tuple[MapIdentity, Maps]]:
    """Give the maps of micrographs that will be opened soon.

    Each comes with its file. Why there are none is told when the micrograph itself is
    opened.
    """
    for done, (file, micrograph) in enumerate(micrographs):
        step = part_of(report, done, len(micrographs))
        step(0.0)
        work = partial(_maps_of, micrograph, model, params, step, path)
        found = attempt(file, work)
        if not isinstance(found, Failure):
            yield MapIdentity.of(micrograph, model, params), found


def _maps_of(
    micrograph: Micrograph,
    model: Model | None,
    params: DetectionParams,
    report: Progress,
    path: Path | None,
) -> Maps:
    (maps,) = mapping(micrograph, model, params, report, path)
    return maps


def keep(path: Path | None, identity: MapIdentity, maps: Maps) -> None:
    """Keep maps between sessions, if there is a file for it."""
    if path is not None:
        with closing(MapFile(path)) as file:
            file.put(identity.digest(), maps)


def _kept(path: Path, identity: MapIdentity) -> Maps | None:
    with closing(MapFile(path)) as file:
        return file.get(identity.digest())
