"""A micrograph with known lattices, and the dock Spectrum on it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_cdse.gui.app import window
from napari_cdse.gui.spectrum.square import Square
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import SIGNAL_MS, open_folder

NUMBER = 256
FIRST, SECOND = (0.03, 0.11), (-0.09, 0.06)


def drawn(number: int) -> np.ndarray:
    """Two lattices, the second on the right half only, in noise."""
    place = np.arange(NUMBER)
    waves = [
        np.cos(2 * np.pi * (row * place[:, None] + col * place))
        for row, col in (FIRST, SECOND)
    ]
    right = place >= NUMBER // 2
    noise = np.random.default_rng(number).normal(size=(NUMBER, NUMBER))
    values = 128 + 25 * (waves[0] + waves[1] * right + noise)
    return np.clip(values, 0, 255).astype(np.uint8)


@pytest.fixture
def spectrum(viewer, tmp_path, qtbot):
    """The dock on a drawn micrograph, its square 128 px large on the right."""
    folder = tmp_path / "lattices"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(drawn(number)).save(folder / f"two_{number}.png")
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    view = window.add_dock(viewer, "Spectrum").view
    view.square.show(Square(64, 128, 128))
    looked(view, qtbot)
    return view


def looked(view, qtbot):
    """Wait until the dock shows what the square holds."""
    qtbot.waitUntil(
        lambda: view.panel.spectrum is not None and view.idle, timeout=SIGNAL_MS
    )


def peak_of(view, k):
    """Row of the family of a frequency."""
    off = [
        min(np.hypot(p.k_row - s * k[0], p.k_col - s * k[1]) for s in (1, -1))
        for p in view.panel.spectrum.peaks
    ]
    return int(np.argmin(off))
