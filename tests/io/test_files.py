"""What is no file is refused without opening it; what is written is whole."""

import os
import socket

import pytest

from napari_cdse.core.errors import LabelFileError, MicrographError
from napari_cdse.io.files import (
    check_writable,
    make_folder,
    name_of,
    open_file,
    read_file,
    shown,
    why_unreadable,
    write_file,
)


def _refusal(path):
    with pytest.raises(MicrographError) as caught, open_file(path, MicrographError):
        pytest.fail("opened")
    return str(caught.value)


def test_a_file_is_read_back(tmp_path):
    path = tmp_path / "a"
    write_file(path, b"abc", MicrographError)
    assert read_file(path, 3, MicrographError) == b"abc"
    assert why_unreadable(path) is None
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="no folders to sync")
def test_file_and_name_reach_the_disk_in_this_order(tmp_path, monkeypatch):
    done, sync, replace = [], os.fsync, os.replace

    def traced_sync(handle):
        sync(handle)
        done.append(os.fstat(handle).st_ino)

    def traced_replace(draft, target):
        replace(draft, target)
        done.append("renamed")

    monkeypatch.setattr(os, "fsync", traced_sync)
    monkeypatch.setattr(os, "replace", traced_replace)
    path = tmp_path / "a"
    write_file(path, b"abc", MicrographError)
    assert done == [path.stat().st_ino, "renamed", tmp_path.stat().st_ino]


def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "pipe.png is a named pipe" in _refusal(tmp_path / "pipe.png")


def test_a_pipe_that_takes_the_place_of_a_file_does_not_block(tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    os.mkfifo(path)
    monkeypatch.setattr("napari_cdse.io.files.why_unreadable", lambda path: None)
    assert "x.png is not a file any more" in _refusal(path)


def test_links_folders_devices_and_sockets_are_named(tmp_path):
    (tmp_path / "link.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder.tif").mkdir()
    assert "link.png is a link to a file that is gone" in _refusal(
        tmp_path / "link.png"
    )
    assert "loop cannot be read" in _refusal(tmp_path / "loop")
    assert "folder.tif is a folder" in _refusal(tmp_path / "folder.tif")
    assert "zero is a device" in _refusal("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert "s is a socket" in _refusal(tmp_path / "s")


def test_missing_and_impossible_names(tmp_path):
    assert "none.png does not exist" in _refusal(tmp_path / "none.png")
    assert "cannot be read" in _refusal("a\0b.png")
    assert "cannot be read" in _refusal(tmp_path / ("n" * 300))


def test_no_permission_is_a_sentence(open_folder, without_rights):
    path = open_folder / "secret.png"
    path.write_bytes(b"x")
    path.chmod(0)
    with without_rights():
        assert "secret.png may not be read" in _refusal(path)


def test_a_file_larger_than_the_limit_is_refused(tmp_path):
    path = tmp_path / "long.txt"
    path.write_bytes(b"x" * 11)
    with pytest.raises(LabelFileError, match=r"long\.txt is larger than"):
        read_file(path, 10, LabelFileError)


def test_a_full_disk_leaves_the_old_file(tmp_path, full_disk):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with (
        full_disk(),
        pytest.raises(LabelFileError, match=r"a\.txt was not written: the disk is"),
    ):
        write_file(path, b"new and longer", LabelFileError)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_permission_to_write_leaves_the_old_file(open_folder, without_rights):
    path = open_folder / "a.txt"
    path.write_bytes(b"old")
    open_folder.chmod(0o555)
    try:
        with without_rights(), pytest.raises(LabelFileError, match="choose another"):
            write_file(path, b"new", LabelFileError)
    finally:
        open_folder.chmod(0o755)
    assert path.read_bytes() == b"old"


def test_an_interrupted_write_leaves_no_draft(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_file(path, b"new", LabelFileError)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="folders can't be opened")
def test_file_and_folder_reach_the_disk_in_this_order(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace

    def traced(handle):
        where = os.fstat(handle)
        same = os.path.samestat(where, tmp_path.stat())
        calls.append("folder" if same else ("file", where.st_size))
        fsync(handle)

    def replaced(*names):
        calls.append("replace")
        replace(*names)

    monkeypatch.setattr(os, "fsync", traced)
    monkeypatch.setattr(os, "replace", replaced)
    write_file(tmp_path / "a.txt", b"12345", LabelFileError)
    assert calls == [("file", 5), "replace", "folder"]


def test_writing_goes_through_a_link_and_not_over_a_folder(tmp_path):
    target = tmp_path / "real.txt"
    target.write_bytes(b"old")
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    write_file(link, b"new", LabelFileError)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    (tmp_path / "folder").mkdir()
    with pytest.raises(LabelFileError, match="folder is not a file"):
        write_file(tmp_path / "folder", b"new", LabelFileError)
    with pytest.raises(LabelFileError, match="is no folder"):
        write_file(tmp_path / "none" / "a.txt", b"new", LabelFileError)


def test_folders_are_made_unless_a_file_is_there(tmp_path):
    assert make_folder(tmp_path / "a" / "b", MicrographError).is_dir()
    assert make_folder(tmp_path / "a", MicrographError).is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(MicrographError, match="a file is in its place"):
        make_folder(tmp_path / "file", MicrographError)
    with pytest.raises(MicrographError, match="a file is in its place"):
        make_folder(tmp_path / "file" / "below", MicrographError)


def test_names_in_messages_stay_on_one_line():
    assert name_of("/x/a\nb\x1b[31m\udcff.png") == r"a\nb\x1b[31m\udcff.png"
    assert len(shown("x" * 500)) == 120


def test_a_folder_that_may_not_be_looked_into_is_named(open_folder, without_rights):
    closed = open_folder / "closed"
    closed.mkdir(mode=0)
    writes = (
        lambda: check_writable(closed / "a.csv", MicrographError),
        lambda: write_file(closed / "a.csv", b"abc", MicrographError),
    )
    with without_rights():
        for write in writes:
            with pytest.raises(MicrographError, match="may not be written to; choose"):
                write()
    closed.chmod(0o700)
