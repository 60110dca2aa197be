"""What a quick look tells of a file."""

import os

from napari_cdse.io.images.fingerprint import glance, size_in


def test_only_a_file_is_looked_into(tmp_path):
    """A named pipe would keep whoever opens a project waiting for ever."""
    (tmp_path / "a.png").write_bytes(b"x" * 10)
    assert size_in(glance(tmp_path / "a.png")) == "10"
    os.symlink(tmp_path / "a.png", tmp_path / "link.png")
    assert glance(tmp_path / "link.png") == glance(tmp_path / "a.png")
    os.symlink(os.devnull, tmp_path / "device.png")
    assert glance(tmp_path / "device.png") is None
    assert glance(tmp_path) is None
    assert glance(tmp_path / "none.png") is None
