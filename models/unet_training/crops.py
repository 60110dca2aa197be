"""Crops of the pictures, turned and mirrored, as batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from unet_training.variation import OUTPUT_STRIDE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CROP = 256
"""Edge of a crop in samples of the input: 12.8 nm, three particles across."""
_ON_PARTICLE = 0.5
"""Share of the crops that hold a particle for sure."""


class Pictures:
    """What has been drawn so far of the fields named; at most ``kept`` in memory."""

    def __init__(self, work: Path, names: list[str], pictures: int) -> None:
        self._work, self._names, self._pictures = work, names, pictures
        self._kept: dict[Path, tuple[NDArray[np.float16], NDArray[np.uint8]]] = {}
        self.files: list[list[Path]] = []
        self.look()

    def look(self) -> None:
        """Look for new ones."""
        there = {path.name for path in self._work.glob("*.npz")}
        wanted = [
            [f"{name}.{number}.npz" for number in range(self._pictures)]
            for name in self._names
        ]
        each = [[self._work / file for file in one if file in there] for one in wanted]
        self.files = [one for one in each if one]

    def batch(
        self, rng: np.random.Generator, size: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Draw (size, 2, CROP, CROP) of input, (size, 4, CROP / 4, ..) of answers."""
        crops = [self._crop(rng) for _ in range(size)]
        given, answers = (np.stack(each) for each in zip(*crops, strict=True))
        return given, answers

    def whole(self, number: int) -> list[tuple[Path, NDArray, NDArray]]:
        """One picture of every field, uncut."""
        found = []
        for files in self.files:
            if files[0].name.endswith(f".{number}.npz"):
                found.append((files[0], *self._load(files[0])))
        return found

    def _load(self, path: Path) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
        if path not in self._kept:
            with np.load(path) as stored:
                self._kept[path] = stored["given"], stored["answer"]
        return self._kept[path]

    def _crop(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        files = self.files[rng.integers(len(self.files))]
        given, answer = self._load(files[rng.integers(len(files))])
        edge = CROP // OUTPUT_STRIDE
        corner = [
            int(rng.integers(min(-8, n - edge - 8), max(n - edge + 8, 8) + 1))
            for n in answer.shape[1:]
        ]
        places = np.argwhere(answer[0] > 127) if rng.random() < _ON_PARTICLE else []
        if len(places):
            place = places[rng.integers(len(places))]
            corner = [int(p - rng.integers(4, edge - 4)) for p in place]
        answer = _cut(answer, corner, edge).astype(np.float32) / 255
        start = [c * OUTPUT_STRIDE for c in corner]
        values = _cut(given, start, CROP).astype(np.float32)
        return _turned(values, answer, rng)


def _turned(
    values: NDArray[np.float32], answer: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    values, answer = (np.rot90(each, turns, (1, 2)) for each in (values, answer))
    if mirrored:
        values, answer = values[:, :, ::-1], answer[:, :, ::-1]
    values = values * np.exp(rng.normal(0, 0.1, (2, 1, 1))).astype(np.float32)
    if rng.random() < 0.3:
        noise = rng.normal(0, rng.uniform(0, 0.5), values.shape).astype(np.float32)
        values = values + noise * (values != 0)
    return np.ascontiguousarray(values), np.ascontiguousarray(answer)


def _cut(array: NDArray, corner: list[int], edge: int) -> NDArray:
    """Square at a corner, zero beyond the edges."""
    out = np.zeros((len(array), edge, edge), array.dtype)
    low = [max(0, c) for c in corner]
    high = [min(n, c + edge) for c, n in zip(corner, array.shape[1:], strict=True)]
    if low[0] < high[0] and low[1] < high[1]:
        to = [slice(a - c, b - c) for a, b, c in zip(low, high, corner, strict=True)]
        out[:, to[0], to[1]] = array[:, low[0] : high[0], low[1] : high[1]]
    return out
