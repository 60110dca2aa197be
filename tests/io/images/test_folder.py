"""Folders of every shape; no file is opened to list it."""

import os

from napari_cdse.io.images import microscope_file
from napari_cdse.io.images.folder import find_micrographs


def _touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _names(paths):
    return [path.name for path in paths]


def test_natural_order_hidden_skipped_others_counted(tmp_path):
    _touch(tmp_path, "m10.png", "m2.TIF", "M1.tiff", "a.jpg", "m2.txt", "notes.mib")
    _touch(tmp_path, ".hidden.png", "._m1.png", ".x.tmp")
    found = find_micrographs(tmp_path)
    assert _names(found.files) == ["a.jpg", "M1.tiff", "m2.TIF", "m10.png"]
    assert found.ignored == 2
    assert found.problems == ()
    (own,) = found.notices
    assert "notes.mib" in own
    assert "TIFF" in own


def test_microscopes_own_files_are_listed_where_they_can_be_read(tmp_path, monkeypatch):
    _touch(tmp_path, "a.dm3", "b.DM4", "c.emd", "d.hspy", "e.mrc", "f_1.ser", "g.png")
    monkeypatch.setattr(microscope_file, "is_readable", lambda: True)
    found = find_micrographs(tmp_path)
    assert len(found.files) == 7
    assert (found.ignored, found.notices) == (0, ())
    monkeypatch.setattr(microscope_file, "is_readable", lambda: False)
    found = find_micrographs(tmp_path)
    assert _names(found.files) == ["f_1.ser", "g.png"]
    assert found.ignored == 5
    (how,) = found.notices
    assert how.startswith("5 files in a microscope's own format cannot be read (a.dm3")
    assert how.endswith('RosettaSciIO: pip install "napari-cdse[microscopes]".')


def test_a_description_is_listed_only_without_its_series(tmp_path):
    _touch(tmp_path, "a.emi", "a_1.ser", "a_2.ser", "b.emi")
    assert _names(find_micrographs(tmp_path).files) == ["a_1.ser", "a_2.ser", "b.emi"]


def test_a_file_and_its_exported_picture_are_told(tmp_path):
    _touch(tmp_path, "a_1.ser", "a_1.tif", "b.png")
    (notice,) = find_micrographs(tmp_path).notices
    assert "may be here twice (a_1.ser, a_1.tif)" in notice


def test_the_layout_of_the_origin(tmp_path):
    _touch(tmp_path, "images/b.png", "images/a.png", "masks/a.png", "overview.png")
    found = find_micrographs([tmp_path])
    assert found.files == (tmp_path / "images/a.png", tmp_path / "images/b.png")
    assert found.problems == ()
    assert len(found.notices) == 1
    assert "1 image" in found.notices[0]


def test_files_and_folders_together_each_once(tmp_path):
    _touch(tmp_path, "one/a.png", "two/a.png", "two/b.png", "two/x.csv")
    one, two = tmp_path / "one", tmp_path / "two"
    found = find_micrographs([two / "b.png", two, one, one / "a.png", two / "x.csv"])
    assert found.files == (two / "b.png", two / "a.png", one / "a.png")
    assert found.ignored == 2


def test_a_picture_that_is_named_and_cannot_be_read_is_a_problem(tmp_path):
    """A star names labels and tables too; what else is named was meant."""
    _touch(tmp_path, "a.png", "b.gif", "c", "d.txt", "E.CSV", "f.cdse", ".g.png")
    _touch(tmp_path, "f.cdse-journal", "f.cdse-wal", "Thumbs.db")
    found = find_micrographs(sorted(tmp_path.iterdir()))
    assert _names(found.files) == [".g.png", "a.png"]
    assert found.ignored == 6
    for problem, name in zip(found.problems, ("b.gif", "c"), strict=True):
        assert problem.startswith(f"{name} is of no format that is known here: PNG, ")
        assert problem.endswith("save it as TIFF, with the pixel size.")
    assert find_micrographs(tmp_path).problems == ()


def test_pipes_and_dangling_links_are_problems(tmp_path):
    _touch(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.tif").symlink_to(tmp_path / "gone.tif")
    (tmp_path / "good.tif").symlink_to(tmp_path / "a.png")
    found = find_micrographs(tmp_path)
    assert _names(found.files) == ["a.png", "good.tif"]
    assert len(found.problems) == 2
    assert "link.tif is a link to a file that is gone" in found.problems[0]
    assert "pipe.png is a named pipe" in found.problems[1]


def test_empty_and_missing_folders_are_problems(tmp_path):
    (tmp_path / "empty").mkdir()
    _touch(tmp_path, "text/a.txt")
    paths = [tmp_path / "empty", tmp_path / "none", tmp_path / "text"]
    found = find_micrographs(paths)
    assert found.files == ()
    assert len(found.problems) == 3
    assert "empty holds no micrographs" in found.problems[0]
    assert "none does not exist" in found.problems[1]
    assert "text holds no micrographs" in found.problems[2]


def test_subfolders_are_named_and_not_entered(tmp_path):
    _touch(tmp_path, "a.png", "day2/x.png", "day1/images/y.png", "notes/z.txt")
    (tmp_path / "folder.png").mkdir()
    found = find_micrographs(tmp_path)
    assert _names(found.files) == ["a.png"]
    assert "(day1, day2)" in found.notices[0]


def test_a_folder_without_permission_is_a_problem(open_folder, without_rights):
    _touch(open_folder, "closed/a.png", "open/b.png", "half/images/c.png")
    (open_folder / "closed").chmod(0)
    (open_folder / "half/images").chmod(0)
    with without_rights():
        found = find_micrographs(
            [open_folder / name for name in ("closed", "open", "half")]
        )
    assert _names(found.files) == ["b.png"]
    assert len(found.problems) == 2
    assert all("may not be read" in problem for problem in found.problems)
