"""Shared by the tests of files."""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

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
