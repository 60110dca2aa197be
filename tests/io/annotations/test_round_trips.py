"""What is written for other programs: their own libraries read it, and so do we."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import roifile
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from napari_builtins.io import napari_get_reader
from pycocotools.coco import COCO

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.annotations.format_names import FORMATS
from napari_cdse.io.annotations.formats import find_annotations, read_annotations
from napari_cdse.io.annotations.shapes import NOT_REVIEWED
from napari_cdse.io.annotations.writer import AnnotationWriter
from napari_cdse.io.export.particle_csv import write_particles_csv
from napari_cdse.io.export.particle_rows import ParticleRow
from napari_cdse.io.labels.label_file import write_label_file
from tests.io.annotations.rows import ROWS, SHAPE, row


@pytest.fixture
def written(tmp_path):
    """All formats of one micrograph; the folder."""
    writer = AnnotationWriter(tmp_path, FORMATS)
    writer.add(tmp_path / "m1.tif", "m1", SHAPE, ROWS)
    writer.finish()
    return tmp_path


def read_back(path):
    (file,) = find_annotations([path]).files
    return read_annotations(file, lambda name: SHAPE).shapes


def same(found, rows=ROWS, tolerance_px=0.002):
    assert [each.name for each in found] == [each.label for each in rows]
    for shape, each in zip(found, rows, strict=True):
        assert not shape.problem
        assert not shape.stretched
        theirs, ours = shape.circle, each.circle
        assert theirs.row_px == pytest.approx(ours.row_px, abs=tolerance_px)
        assert theirs.col_px == pytest.approx(ours.col_px, abs=tolerance_px)
        assert theirs.radius_px == pytest.approx(ours.radius_px, abs=tolerance_px)


# pycocotools 2.0.11 wraps its masks as NumPy 1 had it.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_library_of_coco_reads_what_is_written(written):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(written / "coco.json"))
    assert coco.loadImgs(1)[0]["file_name"] == "m1.tif"
    names = {each["id"]: each["name"] for each in coco.loadCats(coco.getCatIds())}
    found = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert [names[each["category_id"]] for each in found] == list(CLASSES)
    for each, mine in zip(found, ROWS, strict=True):
        rows, columns = np.nonzero(coco.annToMask(each))
        circle = mine.circle
        area = np.pi * circle.radius_px**2
        assert each["area"] == pytest.approx(area, abs=0.001)
        # A mask of whole pixels: its area scatters by the root of its outline.
        assert len(rows) == pytest.approx(area, abs=np.sqrt(2 * np.pi * 20))
        assert rows.mean() == pytest.approx(circle.row_px, abs=0.15)
        assert columns.mean() == pytest.approx(circle.col_px, abs=0.15)


def test_the_library_of_imagej_reads_what_is_written(written):
    found = roifile.roiread(str(written / "imagej" / "m1_RoiSet.zip"))
    assert [each.properties["class"] for each in found] == list(CLASSES)
    for each, mine in zip(found, ROWS, strict=True):
        circle = mine.circle
        assert each.roitype == roifile.ROI_TYPE.OVAL
        assert (each.widthd, each.heightd) == pytest.approx([2 * circle.radius_px] * 2)
        expected = (circle.col_px + 0.5, circle.row_px + 0.5)
        centre = each.xd + each.widthd / 2, each.yd + each.heightd / 2
        assert centre == pytest.approx(expected)
        # Programs that know whole pixels alone see the box around it.
        outline = each.coordinates()
        assert outline[:-1].mean(axis=0) == pytest.approx(expected, abs=1)
        assert np.ptp(outline, axis=0) / 2 == pytest.approx(
            [circle.radius_px] * 2, abs=1
        )


def test_napari_opens_what_is_written_without_any_plugin(written):
    for label, mine in zip(CLASSES, ROWS, strict=True):
        path = str(written / "napari" / f"m1_{label}.csv")
        ((corners, attributes, kind),) = napari_get_reader(path)(path)
        assert (kind, attributes["shape_type"]) == ("shapes", ["ellipse"])
        circle = mine.circle
        expected = (circle.row_px, circle.col_px)
        assert corners[0].mean(axis=0) == pytest.approx(expected)
        assert np.ptp(corners[0], axis=0) / 2 == pytest.approx([circle.radius_px] * 2)


def test_yolo_has_shares_of_the_picture_and_the_names_of_its_classes(written):
    names = yaml.safe_load((written / "yolo" / "data.yaml").read_text())["names"]
    assert list(names.values()) == list(CLASSES)
    lines = (written / "yolo" / "labels" / "m1.txt").read_text().splitlines()
    rows, columns = SHAPE
    for line, mine in zip(lines, ROWS, strict=True):
        number, x, y, width, height = line.split()
        assert names[int(number)] == mine.label
        assert float(x) * columns - 0.5 == pytest.approx(mine.circle.col_px)
        assert float(y) * rows - 0.5 == pytest.approx(mine.circle.row_px)
        diameters = float(width) * columns, float(height) * rows
        assert diameters == pytest.approx([2 * mine.circle.radius_px] * 2)


@pytest.mark.parametrize(
    "name", ["coco.json", "yolo", "imagej", "imagej/m1_RoiSet.zip"]
)
def test_what_was_written_is_read_again(written, name):
    same(read_back(written / name))


def test_a_single_region_is_read(written):
    with zipfile.ZipFile(written / "imagej" / "m1_RoiSet.zip") as archive:
        archive.extract("yes-0001.roi", written)
    (written / "yes-0001.roi").rename(written / "m1.roi")
    (shape,) = read_back(written / "m1.roi")
    assert shape.picture == "m1"
    same([shape], ROWS[:1])


@pytest.mark.parametrize("dialect", ["standard", "excel", "excel-eu"])
def test_a_table_is_read_again_in_every_dialect(tmp_path, dialect):
    rows = [*ROWS, row("yes", Circle(7.0, 8.0, 3.0), micrograph="=m", note="-odd")]
    write_particles_csv(tmp_path / "particles.csv", rows, dialect)
    found = read_back(tmp_path / "particles.csv")
    same(found, rows)
    assert [each.picture for each in found] == ["m1", "m1", "m1", "m1", "=m"]
    assert found[-1].note == "-odd"


def test_a_label_file_is_read_again(tmp_path):
    whole = [
        row(each.label, Circle(each.circle.row_px, each.circle.col_px, 12.0))
        for each in ROWS
    ]
    write_label_file(
        tmp_path / "m1.txt",
        [each.circle for each in whole],
        [each.label for each in whole],
        SHAPE,
    )
    same(read_back(tmp_path / "m1.txt"), whole)


def test_a_forests_word_never_comes_in_as_a_persons(tmp_path):
    said = ParticleRow("m1", "a", ROWS[0].circle, "yes", (0.7, 0.1, 0.1, 0.1))
    writer = AnnotationWriter(tmp_path, FORMATS)
    writer.add(tmp_path / "m1.tif", "m1", SHAPE, [said])
    writer.finish()
    write_particles_csv(tmp_path / "particles.csv", [said])
    for name in ("coco.json", "yolo", "imagej", "particles.csv"):
        (shape,) = read_back(tmp_path / name)
        assert (shape.circle, shape.problem) == (None, NOT_REVIEWED), name


def test_empty_is_written_for_a_person_alone(tmp_path):
    rows = [
        ParticleRow("m1", "a", ROWS[0].circle, "empty", (0.1, 0.1, 0.1, 0.7)),
        row("empty", ROWS[1].circle),
    ]
    writer = AnnotationWriter(tmp_path, ["yolo"])
    writer.add(tmp_path / "m1.tif", "m1", SHAPE, rows)
    lines = (tmp_path / "yolo" / "labels" / "m1.txt").read_text().splitlines()
    assert len(lines) == 1


def test_the_same_particles_make_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        writer = AnnotationWriter(tmp_path / name, ["imagej"])
        writer.add(tmp_path / "m1.tif", "m1", SHAPE, ROWS)
    a, b = (tmp_path / each / "imagej" / "m1_RoiSet.zip" for each in ("a", "b"))
    assert a.read_bytes() == b.read_bytes()


CHANCES = (0.7, 0.1, 0.1, 0.1)
PLACE = st.floats(-50, 5000, width=64)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(CLASSES), PLACE, PLACE, st.floats(1e-3, 900), st.booleans()
        ),
        max_size=60,
    )
)
def test_what_was_written_before_is_known_whatever_the_circles_were(found):
    rows = [
        ParticleRow("m1", "a", Circle(*place), label, CHANCES, by_person=seen)
        for label, *place, seen in found
    ]
    with TemporaryDirectory() as folder:
        for told in (rows, rows, ROWS):
            writer = AnnotationWriter(Path(folder), FORMATS)
            writer.add(Path(folder, "m1.tif"), "m1", SHAPE, told)
            writer.finish()


def test_regions_that_a_person_changed_in_imagej_are_not_written_over(tmp_path):
    writer = AnnotationWriter(tmp_path, ["imagej"])
    writer.add(tmp_path / "m1.tif", "m1", SHAPE, ROWS)
    file = tmp_path / "imagej" / "m1_RoiSet.zip"
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    # ImageJ keeps the names and gives each the time of now.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    with pytest.raises(LabelFileError, match=r"m1_RoiSet\.zip in .* was changed since"):
        writer.add(tmp_path / "m1.tif", "m1", SHAPE, ROWS)
