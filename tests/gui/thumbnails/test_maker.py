"""Pictures of particles in a real window: those kept, or made from the file."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from napari_cdse.gui.thumbnails.item import Item
from napari_cdse.gui.thumbnails.maker import ThumbnailMaker
from tests.gui.conftest import SIGNAL_MS, settle, wait_for_pixels
from tests.gui.painted import pixels


@pytest.fixture
def pictured(workspace, qtbot, tmp_path):
    """Give the pictures of the first micrograph's particles, as a dock gets them.

    Another one is open, whose pixels are in memory.
    """
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)

    def give(kept: str = "kept") -> list[np.ndarray | None]:
        maker = ThumbnailMaker(workspace.session, tmp_path / kept, workspace.session)
        maker.look_up()
        items = [Item(one, 0) for one in workspace.project.particles.of(0)]
        assert not any(map(maker.picture, items))
        maker.want(items, ())

        def answered() -> bool:
            return all(maker.picture(one) or maker.is_missing(one) for one in items)

        qtbot.waitUntil(answered, timeout=SIGNAL_MS)
        settle(workspace, qtbot)
        found = [maker.picture(one) for one in items]
        return [each and pixels(each)[..., 0] for each in found]

    return give


def test_what_was_kept_comes_without_the_micrograph(pictured, folder):
    first = pictured()
    (folder / "dots_0.png").unlink()
    again = pictured()
    for one, other in zip(first, again, strict=True):
        assert np.ptp(one) > 0
        assert np.array_equal(one, other)


def test_a_file_that_has_become_its_negative_is_shown_as_it_is_now(pictured, folder):
    before = pictured()
    path = folder / "dots_0.png"
    negative = ImageOps.invert(Image.open(path))
    negative.save(path)
    now = pictured("where none is kept")
    for one, other in zip(before, now, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < -0.9
