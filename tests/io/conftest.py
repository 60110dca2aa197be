"""Shared by the tests of files."""

import contextlib

import pytest

from napari_cdse.io.store.store import Store


@pytest.fixture
def full_disk():
    """A context in which no file can grow, as on a full disk."""
    resource = pytest.importorskip("resource")

    @contextlib.contextmanager
    def limited():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture
def path(tmp_path):
    """Where a project file would lie, in an empty folder."""
    return tmp_path / "p.cdse"


@pytest.fixture
def store(path):
    """A new project file that knows two micrographs."""
    store = Store.create(path)
    store.add_micrographs([path.parent / "a.png", path.parent / "b.png"])
    yield store
    store.close()
