"""Micrographs that tests of several parts work on."""

import contextlib
import os
import random
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

from napari_cdse.core.records import Circle
from napari_cdse.io.export.figures import style as figure_style
from napari_cdse.io.labels.label_file import read_label_file, write_label_file
from napari_cdse.resources import sample_data_dir

# Their assertions tell what they saw, as those in the tests do.
pytest.register_assert_rewrite("tests.gui.showing", "tests.io.store.stores")

# No time limit on a single example, and the same examples everywhere.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")

_lots = random.Random()


def _drawn_id() -> uuid.UUID:
    return uuid.UUID(int=_lots.getrandbits(128), version=4)


# What a project draws by lot follows from the ids that it gave: with real ones a test
# would see another sample at each run, and fail at one in some hundreds.
uuid.uuid4 = _drawn_id


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Give each test ids of its own, the same at every run and in any order."""
    _lots.seed(item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    """What several tests share has the same ids whichever of them comes first."""
    if fixturedef.scope == "function":
        return (yield)
    before = _lots.getstate()
    _lots.seed(f"{fixturedef.baseid}::{fixturedef.argname}{request.param_index}")
    try:
        return (yield)
    finally:
        _lots.setstate(before)


CROPS = {
    "standard_41_0010": (250, 150, 350, 450),
    "easy_42_0002": (90, 590, 470, 310),
    "easy_42_0004": (320, 260, 440, 430),
}
"""First row, first column, rows and columns cut from sample micrographs."""


@pytest.fixture(autouse=True)
def _figures_as_svg_alone(monkeypatch):
    """Save the time of two more files of each figure, where no test reads them."""
    monkeypatch.setattr(figure_style, "FORMATS", ("svg",))


@pytest.fixture(autouse=True)
def _caches_of_their_own(monkeypatch, tmp_path_factory):
    """Keep each test from what others and the user have kept."""
    folder = tmp_path_factory.getbasetemp() / "caches" / uuid.uuid4().hex
    monkeypatch.setenv("NAPARI_CDSE_CACHE", str(folder))


@pytest.fixture(scope="session")
def _cut_samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut samples")
    for kind in ("images", "text_files"):
        (folder / kind).mkdir()
    for stem, (row, col, rows, cols) in CROPS.items():
        source = sample_data_dir()
        with Image.open(source / "images" / f"{stem}.png") as image:
            cut = image.crop((col, row, col + cols, row + rows))
            cut.save(folder / "images" / f"{stem}.png")
        whole = read_label_file(source / "text_files" / f"{stem}.txt")
        kept = [
            (Circle(c.row_px - row, c.col_px - col, c.radius_px), label)
            for c, label in zip(whole.circles, whole.labels, strict=True)
            if 0 <= c.row_px - row < rows and 0 <= c.col_px - col < cols
        ]
        circles, labels = zip(*kept, strict=True)
        target = folder / "text_files" / f"{stem}.txt"
        write_label_file(target, circles, labels, (rows, cols))
    return folder


@pytest.fixture
def labelled_folder(_cut_samples, tmp_path) -> Path:
    """Three small micrographs, none square, in the layout of labelled data."""
    return Path(shutil.copytree(_cut_samples, tmp_path / "labelled"))


@pytest.fixture
def picture_folder(_cut_samples, tmp_path) -> Path:
    """The same micrographs without labels."""
    return Path(shutil.copytree(_cut_samples / "images", tmp_path / "pictures"))


NOBODY = 65534


@pytest.fixture
def open_folder():
    """A folder that other users may enter, as pytest's own may not be."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def without_rights():
    """A context in which even root is held by a file's permissions."""
    if sys.platform == "win32":
        pytest.skip("permissions are of another kind here")
    return _as_nobody


@contextlib.contextmanager
def _as_nobody():
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
