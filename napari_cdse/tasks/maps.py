"""Tasks that load or recompute the accumulation maps of micrographs.

Maps are kept in a file between sessions, under the digest of their `MapIdentity`.
"""

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
    """What determines the maps of a micrograph, apart from the program.

    Attributes
    ----------
    micrograph_id : str
        Content hash of its pixels.
    pixel_size_nm : float or None
    pixel_size_source : str or None
        Both as in the file or from the user.
    params : DetectionParams
    model_id : str or None
        Forest, if the detection method uses one.
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
        """Identify the maps of a micrograph under these parameters."""
        forest = model if METHODS[params.method].needs_forest else None
        source = micrograph.pixel_size_source
        return cls(
            micrograph.id,
            micrograph.pixel_size_nm,
            None if source is None else str(source),
            params,
            None if forest is None else forest.card.id,
        )

    def digest(self) -> str:
        """Hash all that determines the maps, including the state of the program."""
        content = {
            "micrograph": self.micrograph_id,
            "pixel_size_nm": self.pixel_size_nm,
            "pixel_size_source": self.pixel_size_source,
            "params": recorded(self.params),
            "model": self.model_id,
            "program": program_state(),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def mapping(
    micrograph: Micrograph,
    model: Model | None,
    params: DetectionParams,
    report: Progress,
    path: Path | None = None,
) -> Iterator[Maps]:
    """Yield the accumulation maps of a micrograph, from the file if it has them.

    Parameters
    ----------
    micrograph : Micrograph
        Including its pixels.
    model : Model or None
        The forest in use.
    params : DetectionParams
        Those of the detection.
    report : callable
        Called with the progress, 0 to 1; may raise `Cancelled`.
    path : Path, optional
        File that keeps maps between sessions; without one they are not kept.
    """
    identity = MapIdentity.of(micrograph, model, params)
    maps = None if path is None else _load(path, identity)
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
    """Yield the maps of micrographs that will be opened soon.

    ``micrographs`` has each micrograph with its file. One that fails is skipped without
    a message: the user gets it when the micrograph itself is opened.
    """
    for done, (file, micrograph) in enumerate(micrographs):
        step = part_of(report, done, len(micrographs))
        step(0.0)
        work = partial(_maps_of, micrograph, model, params, step, path)
        maps = attempt(file, work)
        if not isinstance(maps, Failure):
            yield MapIdentity.of(micrograph, model, params), maps


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
    """Write maps to the file that keeps them, if there is one."""
    if path is not None:
        with closing(MapFile(path)) as file:
            file.put(identity.digest(), maps)


def _load(path: Path, identity: MapIdentity) -> Maps | None:
    with closing(MapFile(path)) as file:
        return file.get(identity.digest())
