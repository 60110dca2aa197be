"""Which label file belongs to which micrograph, told by names alone."""

import os
import unicodedata
from pathlib import Path

import pytest

from napari_cdse.io.images.folder import find_micrographs
from napari_cdse.io.labels import pairing
from napari_cdse.io.labels.pairing import (
    is_label_name,
    micrographs_beside,
    pair_by_name,
    pair_labels,
    pair_labels_in,
)
from napari_cdse.io.paths import portable_name

DECOMPOSED = unicodedata.normalize("NFD", "Probe f\u00fcr 1")
COMPOSED = unicodedata.normalize("NFC", DECOMPOSED)


def _touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _names(paths):
    return [path.name for path in paths]


def test_the_layout_of_the_origin(tmp_path):
    _touch(tmp_path, "images/b.png", "images/a.png", "text_files/a.txt", "masks/a.png")
    _touch(tmp_path, "text_files/c.txt", "text_files/notes.md", "overview.png")
    found = find_micrographs([tmp_path])
    paired = pair_labels(found)
    assert paired.pairs == {tmp_path / "images/a.png": tmp_path / "text_files/a.txt"}
    assert paired.unmatched_labels == (tmp_path / "text_files/c.txt",)
    assert pair_labels(tmp_path) == paired
    assert pair_labels(tmp_path / "images") == paired


def test_the_order_in_which_the_disk_lists_does_not_matter(tmp_path, monkeypatch):
    _touch(tmp_path, *(f"images/{i}.png" for i in range(12)))
    _touch(tmp_path, *(f"text_files/{i}.txt" for i in range(12)))
    forward = pair_labels(tmp_path)
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: sorted(listdir(path), reverse=True))
    assert pair_labels(tmp_path) == forward
    assert list(pair_labels(tmp_path).pairs) == list(forward.pairs)
    assert all(image.stem == text.stem for image, text in forward.pairs.items())


def test_label_files_beside_the_micrographs(tmp_path):
    _touch(
        tmp_path, "a.png", "a.txt", "b.png", "readme.txt", "c.png", "text_files/c.txt"
    )
    paired = pair_labels(tmp_path)
    assert paired.pairs == {
        tmp_path / "a.png": tmp_path / "a.txt",
        tmp_path / "c.png": tmp_path / "text_files/c.txt",
    }
    assert paired.unmatched_labels == ()


def test_a_label_file_whose_micrograph_was_renamed_is_told_wherever_it_lies(tmp_path):
    _touch(tmp_path, "new.png", "b.png", "b.txt", "notes.txt", "text_files/gone.txt")
    (tmp_path / "old.txt").write_text("\nparticle location:\n[3.0, 4.0]\n")
    paired = pair_labels(tmp_path)
    assert _names(paired.unmatched_labels) == ["gone.txt", "old.txt"]
    assert paired.sentences == (
        "gone.txt has no micrograph of the same name; it was left alone.",
        "old.txt has no micrograph of the same name; it was left alone.",
    )
    # Of files that are named one by one, others are not looked for.
    assert pair_labels(find_micrographs(tmp_path / "b.png")).sentences == ()


def test_two_micrographs_of_one_name_are_listed_and_not_guessed(tmp_path):
    _touch(tmp_path, "images/a.png", "images/a.tif", "text_files/a.txt")
    found = find_micrographs(tmp_path)
    assert _names(found.files) == ["a.png", "a.tif"]
    paired = pair_labels(found)
    assert paired.pairs == {}
    assert paired.unmatched_labels == ()
    assert len(paired.problems) == 1
    assert "a.png, a.tif, a.txt" in paired.problems[0]


def test_named_files_are_paired_too_without_listing_strays(tmp_path):
    _touch(tmp_path, "images/a.png", "text_files/a.txt", "text_files/b.txt")
    paired = pair_labels(find_micrographs(tmp_path / "images/a.png"))
    assert list(paired.pairs.values()) == [tmp_path / "text_files/a.txt"]
    assert paired.unmatched_labels == ()


def test_no_file_is_opened(tmp_path, monkeypatch):
    _touch(tmp_path, "images/a.png", "text_files/a.txt")

    def refuse(*args, **kwargs):
        pytest.fail("a file was opened")

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(os, "open", refuse)
    assert len(pair_labels(tmp_path).pairs) == 1


@pytest.mark.parametrize("stem", ["aux", "CON.1", "a:b", "end."])
def test_a_label_file_under_a_portable_name_is_paired(tmp_path, stem):
    picture = tmp_path / "images" / f"{stem}.png"
    for name in (stem, portable_name(stem)):
        label = tmp_path / "text_files" / f"{name}.txt"
        for path in (picture, label):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"")
        assert pair_labels(tmp_path).pairs == {picture: label}
        label.unlink()


def test_a_label_file_whose_name_a_mac_wrote_is_paired(tmp_path):
    for folder in ("images", "text_files"):
        (tmp_path / folder).mkdir()
    (tmp_path / "images" / f"{DECOMPOSED}.png").write_bytes(b"x")
    (tmp_path / "text_files" / f"{COMPOSED}.txt").write_text("")
    paired = pair_labels(tmp_path)
    assert len(paired.pairs) == 1
    assert not paired.unmatched_labels


def test_two_label_files_of_one_name_are_listed_and_not_guessed(tmp_path):
    _touch(tmp_path, "images/a.png", "text_files/a.txt", "text_files/a.TXT")
    _touch(tmp_path, "images/b.png", "text_files/b.TXT")
    paired = pair_labels(tmp_path)
    assert paired.pairs == {tmp_path / "images/b.png": tmp_path / "text_files/b.TXT"}
    (problem,) = paired.problems
    assert "(a.png, a.TXT, a.txt)" in problem


def test_strays_are_told_once_for_each_folder_that_was_asked_for(tmp_path):
    for sample in ("one", "two"):
        _touch(tmp_path, f"{sample}/images/a.png", f"{sample}/text_files/a.txt")
        _touch(tmp_path, f"{sample}/text_files/b.txt", f"{sample}/images/note.txt")
    listing = find_micrographs([tmp_path / "one", tmp_path / "two"])
    assert pair_labels(listing).unmatched_labels == (
        tmp_path / "one/text_files/b.txt",
        tmp_path / "two/text_files/b.txt",
    )


def test_a_folder_of_labels_that_may_not_be_read_is_told(open_folder, without_rights):
    _touch(open_folder, "images/a.png", "text_files/a.txt")
    (open_folder / "text_files").chmod(0)
    with without_rights():
        paired = pair_labels(open_folder)
    assert paired.pairs == {}
    (problem,) = paired.problems
    assert "text_files may not be read" in problem


def test_capitals_count_where_the_disk_tells_them_apart(tmp_path, monkeypatch):
    _touch(tmp_path, "images/Dots.png", "text_files/dots.txt")
    pair = {tmp_path / "images/Dots.png": tmp_path / "text_files/dots.txt"}
    for ignored in (False, True):
        monkeypatch.setattr(pairing, "ignores_case", lambda path, told=ignored: told)
        assert pair_labels(tmp_path).pairs == (pair if ignored else {})


def test_label_files_find_their_namesakes_wherever_these_lie():
    micrographs = [Path("/one/a.png"), Path("/one/b.png"), Path("/two/b.tif")]
    labels = [Path("/x/a.txt"), Path("/y/a.txt"), Path("/x/b.txt"), Path("/x/c.txt")]
    pairs, problems = pair_by_name(labels, micrographs)
    assert pairs == {Path("/one/a.png"): Path("/x/a.txt")}
    another, more_than_one, none = problems
    assert another.startswith("Another label file is named as a.txt is")
    assert more_than_one.startswith("More than one micrograph of the project is named")
    assert "b.txt" in more_than_one
    assert none.startswith("No micrograph of the project is named as c.txt is")


def test_a_label_file_leads_to_the_folder_of_its_micrograph(tmp_path):
    _touch(tmp_path, "plain/m2.png", "plain/m2.txt", "plain/m3.txt")
    _touch(tmp_path, "plain/text_files/m2.txt", "elsewhere/m2.txt")
    _touch(tmp_path, "origin/images/m2.png", "origin/text_files/m2.txt")
    plain = tmp_path / "plain"
    assert micrographs_beside(plain / "m2.txt") == plain
    assert micrographs_beside(plain / "text_files/m2.txt") == plain
    origin = tmp_path / "origin"
    assert micrographs_beside(origin / "text_files/m2.txt") == origin
    assert micrographs_beside(plain / "m3.txt") is None
    assert micrographs_beside(tmp_path / "elsewhere/m2.txt") is None


@pytest.mark.parametrize(
    ("name", "may_be"), [("a.txt", True), ("a.TXT", True), ("a.csv", False)]
)
def test_the_suffix_tells_what_may_hold_labels(name, may_be):
    assert is_label_name(Path(name)) == may_be


def test_several_folders_are_paired_one_after_another(tmp_path):
    _touch(tmp_path, "b/1.png", "b/1.txt", "a/1.png", "a/text_files/1.txt")
    _touch(tmp_path, "a/text_files/2.txt")
    pairs, problems = pair_labels_in([tmp_path / "b", tmp_path / "a"])
    assert pairs == [
        (tmp_path / "b/1.png", tmp_path / "b/1.txt"),
        (tmp_path / "a/1.png", tmp_path / "a/text_files/1.txt"),
    ]
    assert len(problems) == 1
    assert problems[0].startswith("2.txt ")
