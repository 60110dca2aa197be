"""Analyse many micrographs, in one or several processes; resume an earlier run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from napari_cdse.core.errors import CdseError
from napari_cdse.core.params import recorded
from napari_cdse.core.process_pool import Cost, Died, in_order
from napari_cdse.io.export.part_files import Findings
from napari_cdse.io.files import name_of
from napari_cdse.io.images.micrograph_file import content_digest, read_micrograph
from napari_cdse.io.models.card_schema import card_json
from napari_cdse.io.problem_report import Failure, attempt
from napari_cdse.pipeline.analysis import analyse
from napari_cdse.pipeline.program_state import program_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_cdse.core.classifier.forest import Model
    from napari_cdse.core.params import DetectionParams
    from napari_cdse.io.export.part_files import PartFiles
    from napari_cdse.io.images.frame import FrameChoice
    from napari_cdse.pipeline.analysis import Analysis


T = TypeVar("T")

_S_PER_PIXEL = 1.1e-6
"""Seconds per pixel for detection by `both` and classification: 1.1 s for 1024 x 1024,
measured on a core of 2024."""
_BYTES_PER_PIXEL = 16
"""Largest memory of an analysis per pixel: four times the picture in float32."""
_OWN_BYTES = 5e8
"""Memory of a process with its libraries, a forest, and a tile in the network."""
_FILE_BYTES_PER_PIXEL = {".png": 0.7, ".jpg": 0.25, ".jpeg": 0.25, ".bmp": 1.0}
"""Typical file size per pixel of gray pictures by suffix; all other formats are taken
for 16 bits. A wrong guess only changes the number of processes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one file: findings, or a sentence why there are none.

    Attributes
    ----------
    path : Path
    findings : Findings or None
    problem : str or None
    notices : tuple of str
        The reader's notices if the file could be read but not analysed, and problems
        with its part file.
    key : str or None
        Digest that names its part file; see `FileAnalysis.key`.
    from_before : bool
        Whether the findings are those of an earlier run.
    """

    path: Path
    findings: Findings | None
    problem: str | None = None
    notices: tuple[str, ...] = ()
    key: str | None = None
    from_before: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class FileAnalysis:
    """How each file of a run is analysed; sent once to each process.

    Attributes
    ----------
    model : Model or None
        Without one, the particles stay unclassified.
    params : DetectionParams
        The same for every file.
    pixel_size_nm : float or None
        From the user, for every file.
    frame : int or str
        Of files that hold several, for every file; see
        `napari_cdse.io.images.frame.FrameChoice`.
    parts : PartFiles or None
        Keeps the findings, one part file for each micrograph.
    again : bool
        Whether to analyse files again that an earlier run has analysed.
    """

    model: Model | None
    params: DetectionParams
    pixel_size_nm: float | None = None
    frame: FrameChoice = 0
    parts: PartFiles | None = None
    again: bool = False

    def __call__(self, path: Path) -> Outcome:
        """Read and analyse one file; an error becomes the outcome's ``problem``."""
        notices: list[str] = []
        found = attempt(path, lambda: self._outcome(path, notices))
        if isinstance(found, Failure):
            return Outcome(path, None, found, tuple(notices))
        return found

    def key(self, path: Path) -> str:
        """Return a digest of everything that a file's findings depend on.

        Raises
        ------
        MicrographError
            If the file cannot be read.
        """
        told = {
            "content": content_digest(path),
            "frame": self.frame,
            "pixel_size_nm": self.pixel_size_nm,
            "parameters": recorded(self.params),
            "model": None if self.model is None else card_json(self.model.card),
            "program": program_state(),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def _outcome(self, path: Path, notices: list[str]) -> Outcome:
        parts = self.parts
        if parts is None:
            return Outcome(path, self._findings(path, notices))
        key = self.key(path)
        told: list[str] = []
        kept = None if self.again else _try_optional(told, lambda: parts.get(key))
        if kept is not None:
            return Outcome(path, kept, key=key, from_before=True)
        findings = self._findings(path, notices)
        # If the file has changed meanwhile, the key does not belong to the findings.
        if self.key(path) == key:
            _try_optional(told, lambda: parts.put(key, findings))
        return Outcome(path, findings, None, tuple(told), key)

    def _findings(self, path: Path, notices: list[str]) -> Findings:
        micrograph = read_micrograph(
            path, pixel_size_nm=self.pixel_size_nm, frame=self.frame
        )
        notices.extend(micrograph.notices)
        return _findings(analyse(micrograph, self.model, self.params))


def _try_optional(notices: list[str], work: Callable[[], T]) -> T | None:
    """Do work that the findings don't depend on; an error becomes a notice."""
    try:
        return work()
    except CdseError as error:
        notices.append(str(error))
        return None


def analyse_many(
    paths: Sequence[Path], work: FileAnalysis, number: int = 1
) -> Iterator[Outcome]:
    """Analyse files one after another or side by side.

    Parameters
    ----------
    paths : sequence of Path
        Micrograph files.
    work : FileAnalysis
        Analyses each of them.
    number : int
        Of processes; 1: this one.

    Yields
    ------
    Outcome
        In the order of ``paths``, as each is done; close the iterator to cancel.
    """
    for found in in_order(work, paths, number):
        if isinstance(found, Died):
            yield Outcome(found.item, None, lost(found.item))
        else:
            yield found


def cost_of_analysis(paths: Sequence[Path]) -> Cost:
    """Estimate time and memory of an analysis from the sizes of the files."""
    pixels = [_pixels(path) for path in paths]
    most = max(pixels, default=0.0)
    return Cost(_S_PER_PIXEL * sum(pixels), _OWN_BYTES + _BYTES_PER_PIXEL * most)


def _pixels(path: Path) -> float:
    """Estimate how many pixels a file has; 0 if its size can't be read."""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        return 0.0
    return size / _FILE_BYTES_PER_PIXEL.get(path.suffix.lower(), 2.0)


def lost(path: Path) -> str:
    """Return the sentence that a file's process has died."""
    return (
        f"{name_of(path)}: its analysis ended with its whole process, perhaps for "
        "want of memory; try it alone, or with fewer --jobs."
    )


def _findings(analysis: Analysis) -> Findings:
    micrograph, detection = analysis.micrograph, analysis.detection
    beyond = analysis.out_of_range
    return Findings(
        micrograph.id,
        micrograph.shape,
        detection.pixel_size,
        analysis.candidates,
        analysis.predictions,
        (
            *micrograph.notices,
            *detection.notices,
            *(() if beyond is None else (beyond,)),
        ),
        detection.quality,
    )
