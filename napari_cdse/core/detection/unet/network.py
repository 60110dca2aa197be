"""Run the network on a whole micrograph, in overlapping tiles."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.detection.registry import METHODS
from napari_cdse.core.detection.unet.layers import (
    COARSEST_STRIDE,
    INPUT,
    OUTPUT,
    OUTPUT_MAPS,
    OUTPUT_STRIDE,
)
from napari_cdse.core.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.core.detection.unet.channels import NetworkInput
    from napari_cdse.core.progress import Progress

MARGIN = COARSEST_STRIDE
"""Width of the zero padding around the micrograph, in samples; the network was trained
with the same padding around crops at a micrograph's edge."""
OVERLAP = 192
"""Width in samples along a tile's cut edges where its output is discarded. An output
sample depends on inputs up to 181 samples away (the sum over layers of half the kernel
times the stride, and of the shift by enlarging), so that the rest is exact."""
TILE = 1536
"""Largest edge of a tile in samples: 77 nm, so that most micrographs fit into one. A
choice: larger tiles take more memory (this one 250 MB), in smaller ones overlaps are
most of the work."""
_FEW_TILES = 2
"""Largest number of tiles side by side for which each tile resamples its rows itself. A
choice: with more, the rows of all are resampled once; kept rows of a picture with so
few would take two fifths of its memory."""
INSTALL = METHODS["unet"].install

_ONNX_ERRORS = (
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "NotImplemented",
    "RuntimeException",
)


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """The network's output maps of a micrograph; all values are from 0 to 1.

    Attributes
    ----------
    interior, border, distance : ndarray of float32, shape (rows, columns)
        Probability of being inside a particle; probability of being at its edge; and
        distance to the edge, divided by the largest distance in the particle.
    origin_px : tuple of float
        Row and column of sample ``[0, 0]`` in the micrograph.
    step_px : tuple of float
        Distance between samples along rows and columns, in pixels of the micrograph.
    """

    interior: NDArray[np.float32]
    border: NDArray[np.float32]
    distance: NDArray[np.float32]
    origin_px: tuple[float, float]
    step_px: tuple[float, float]


@dataclass(slots=True, eq=False)
class Network:
    """A network that was read and checked; onnxruntime is loaded at its first use.

    Attributes
    ----------
    data : bytes
        An ONNX file that passed the checks.
    false_circles : tuple of (float, float)
        Pairs of a strength, in ascending order, and the number of circles above it that
        is expected on 1000 nm**2 of bare support.
    """

    data: bytes
    false_circles: tuple[tuple[float, float], ...] = ()
    _session: Any = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def maps(
        self, given: NetworkInput, progress: Progress | None = None, tile: int = TILE
    ) -> Maps:
        """Run the network on a whole micrograph, tile by tile.

        Parameters
        ----------
        given : NetworkInput
            From `network_input`.
        progress : callable, optional
            Called with the share done after each tile; may raise `Cancelled`.
        tile : int
            Edge of a tile, a multiple of 32 and more than two overlaps.

        Raises
        ------
        ModelError
            If onnxruntime is missing or cannot run the network.
        """
        rows, cols = given.shape
        out = self._tiled(given, progress, tile)
        first = MARGIN // OUTPUT_STRIDE
        high, wide = (-(-n // OUTPUT_STRIDE) for n in (rows, cols))
        inner = out[:, first : first + high, first : first + wide]
        # An output sample lies in the middle of the input samples that it covers.
        middle = (OUTPUT_STRIDE - 1) / 2
        origin = tuple(
            at + middle * step
            for at, step in zip(given.origin_px, given.step_px, strict=True)
        )
        step = (OUTPUT_STRIDE * given.step_px[0], OUTPUT_STRIDE * given.step_px[1])
        return Maps(inner[0], inner[1], inner[2], (origin[0], origin[1]), step)

    def _tiled(
        self, given: NetworkInput, progress: Progress | None, tile: int
    ) -> NDArray[np.float32]:
        shape = [n + 2 * MARGIN + -(n + MARGIN) % COARSEST_STRIDE for n in given.shape]
        downs, rights = (tile_spans(n, tile) for n in shape)
        out = np.zeros(
            (len(OUTPUT_MAPS), *(n // OUTPUT_STRIDE for n in shape)), np.float32
        )
        done, total = 0, len(downs) * len(rights)
        for down in downs:
            # Resampling needs whole rows; do it once for many tiles.
            rows = _input_part(down, given.shape[0])
            whitened = given.whitened(rows) if len(rights) > _FEW_TILES else None
            for right in rights:
                told = self.answer(_with_margin(given, down, right, whitened))
                here, there = down.kept(), right.kept()
                out[:, here.target, there.target] = told[:, here.source, there.source]
                done += 1
                if progress is not None:
                    progress(done / total)
        return out

    def answer(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on one tile.

        Parameters
        ----------
        values : ndarray of float32, shape (2, rows, columns)
            Both multiples of 32.

        Returns
        -------
        ndarray of float32, shape (3, rows / 4, columns / 4)

        Raises
        ------
        ModelError
            If onnxruntime is missing or cannot run it.
        """
        with self._lock:
            if self._session is None:
                self._session = start_session(self.data)
        try:
            (told,) = self._session.run([OUTPUT], {INPUT: values[None]})
        except _onnx_errors() as problem:
            raise ModelError(
                "The network cannot be run here; install napari-cdse again."
            ) from problem
        expected = (
            1,
            len(OUTPUT_MAPS),
            *(n // OUTPUT_STRIDE for n in values.shape[1:]),
        )
        if told.shape != expected:
            raise ModelError("The network gives maps of another shape; do not use it.")
        return np.asarray(told[0], dtype=np.float32)

    def __getstate__(self) -> tuple[bytes, tuple[tuple[float, float], ...]]:
        """Pickle file and numbers; a session can't be sent to another process."""
        return self.data, self.false_circles

    def __setstate__(
        self, state: tuple[bytes, tuple[tuple[float, float], ...]]
    ) -> None:
        """Restore the network, without a session."""
        self.data, self.false_circles = state
        self._session, self._lock = None, threading.Lock()


@dataclass(frozen=True, slots=True)
class TileSpan:
    """One tile along one axis, in samples of the padded input.

    Attributes
    ----------
    start, stop : int
        Its extent.
    first, last : int
        The part of it whose output is used.
    """

    start: int
    stop: int
    first: int
    last: int

    def kept(self) -> _Kept:
        """Return the slice of the whole output that it fills, and that of its own."""
        to = slice(self.first // OUTPUT_STRIDE, self.last // OUTPUT_STRIDE)
        own = self.start // OUTPUT_STRIDE
        return _Kept(to, slice(to.start - own, to.stop - own))


@dataclass(frozen=True, slots=True)
class _Kept:
    target: slice
    source: slice


def _input_part(span: TileSpan, length: int) -> slice:
    """Return the samples of the input in a tile; its span includes the padding."""
    return slice(max(span.start - MARGIN, 0), min(span.stop - MARGIN, length))


def _with_margin(
    given: NetworkInput,
    down: TileSpan,
    right: TileSpan,
    whitened: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Cut a tile out of the input, with zeros in the padding."""
    spans = (down, right)
    cut = np.zeros((2, *(span.stop - span.start for span in spans)), np.float32)
    parts = [_input_part(*each) for each in zip(spans, given.shape, strict=True)]
    rows, cols = (
        slice(part.start + MARGIN - span.start, part.stop + MARGIN - span.start)
        for part, span in zip(parts, spans, strict=True)
    )
    given.write(parts[0], parts[1], cut[:, rows, cols], whitened)
    return cut


def tile_spans(length: int, tile: int = TILE) -> list[TileSpan]:
    """Cover a length by the fewest overlapping tiles, no larger than needed.

    Of each tile, the output is used where it is at least `OVERLAP` from a cut edge.

    Parameters
    ----------
    length, tile : int
        Length to cover and largest edge of a tile, in samples; multiples of
        `COARSEST_STRIDE`, so that the grids of all tiles coincide.
    """
    shared = 2 * OVERLAP
    count = max(1, -(-(length - shared) // (tile - shared)))
    least = -(-(length + (count - 1) * shared) // count)
    edge = -(-least // COARSEST_STRIDE) * COARSEST_STRIDE
    starts = [min(each * (edge - shared), length - edge) for each in range(count)]
    spans: list[TileSpan] = []
    for number, start in enumerate(starts):
        first = 0 if number == 0 else spans[-1].last
        last = start + edge - OVERLAP if number + 1 < len(starts) else length
        spans.append(TileSpan(start, start + edge, first, last))
    return spans


def start_session(data: bytes) -> Any:
    """Load a checked file in onnxruntime.

    It gets one thread, since several processes may work in parallel.

    Parameters
    ----------
    data : bytes
        The ONNX file.

    Raises
    ------
    ModelError
        If onnxruntime is missing or refuses the file.
    """
    onnxruntime = _silent_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Errors come as exceptions; level 4 keeps them from the console as well.
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        )
    except _onnx_errors() as problem:
        raise ModelError(
            "onnxruntime cannot read the network; install napari-cdse again."
        ) from problem


def _silent_onnxruntime() -> Any:
    """Import onnxruntime, with its telemetry off.

    From 1.29 on (and on Windows before) it stores an identifier of the computer in the
    user's cache and sends usage data to Microsoft. The environment variable works while
    the library is loaded; its function also works later, for a library that another
    plugin has loaded before.

    Raises
    ------
    ModelError
        If it is missing or does not start.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ModuleNotFoundError as problem:
        raise ModelError(INSTALL) from problem
    except ImportError as problem:
        raise ModelError(
            "onnxruntime is installed but does not start on this computer; install it "
            "again, or choose the method 'bragg'."
        ) from problem
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _onnx_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of onnxruntime, which have no common base class."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    return tuple(getattr(state, name) for name in _ONNX_ERRORS if hasattr(state, name))
