"""What other programs write and we don't: each way to say a particle, and none."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import roifile
from pycocotools import mask as coco_masks

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import Circle
from napari_cdse.io.annotations.coco_masks import (
    from_mask,
    moments_of_runs,
    unpacked,
)
from napari_cdse.io.annotations.formats import find_annotations, read_annotations
from napari_cdse.io.annotations.shapes import (
    NO_NUMBERS,
    NOT_REVIEWED,
    NOT_ROUND,
    TOO_FAR,
)
from tests.io.annotations.rows import SHAPE

ROUND = Circle(30.0, 50.0, 12.0)


def coco(tmp_path, *annotations, image=None, categories=None):
    record = {
        "images": [image or {"id": 7, "file_name": "images/m1.jpg"}],
        "annotations": [
            {"id": n, "image_id": 7, "category_id": 3, **each}
            for n, each in enumerate(annotations, 1)
        ],
        "categories": categories or [{"id": 3, "name": "Yes"}],
    }
    path = tmp_path / "other.json"
    path.write_text(json.dumps(record))
    return read_annotations(path, lambda name: SHAPE).shapes


def disk(circle=ROUND, shape=SHAPE):
    rows, columns = np.indices(shape)
    away = np.hypot(rows - circle.row_px, columns - circle.col_px)
    return (away <= circle.radius_px).astype(np.uint8, order="F")


def near(circle, other, tolerance_px=0.05):
    found = (circle.row_px, circle.col_px, circle.radius_px)
    wanted = (other.row_px, other.col_px, other.radius_px)
    return found == pytest.approx(wanted, abs=tolerance_px)


def test_a_box_alone_is_the_ellipse_in_it(tmp_path):
    (shape,) = coco(tmp_path, {"bbox": [38.5, 18.5, 24, 24]})
    assert near(shape.circle, ROUND)
    assert (shape.picture, shape.name) == ("images/m1.jpg", "Yes")


def test_a_rectangle_that_is_the_box_counts_as_the_box(tmp_path):
    corners = [38.5, 18.5, 62.5, 18.5, 62.5, 42.5, 38.5, 42.5]
    (shape,) = coco(tmp_path, {"bbox": [38.5, 18.5, 24, 24], "segmentation": [corners]})
    assert near(shape.circle, ROUND)


@pytest.mark.parametrize("packed", [True, False])
def test_a_mask_is_measured_without_being_laid_out(tmp_path, packed):
    mask = coco_masks.encode(disk())
    assert mask["size"] == list(SHAPE)
    text = mask["counts"].decode()
    counts = text if packed else unpacked(text)
    (shape,) = coco(tmp_path, {"segmentation": {"size": SHAPE, "counts": counts}})
    area = disk().sum()
    assert near(shape.circle, Circle(30.0, 50.0, np.sqrt(area / np.pi)), 1e-6)
    assert not shape.stretched


@pytest.mark.parametrize("rows", [1, 2, 5, 30])
def test_the_moments_of_runs_are_those_of_their_pixels(rows):
    rng = np.random.default_rng(rows)
    for _ in range(40):
        runs = rng.integers(0, rng.integers(1, 4) * rows + 2, rng.integers(2, 9))
        inside = np.flatnonzero(np.repeat(np.arange(len(runs)) % 2, runs))
        found = moments_of_runs(runs, rows)
        if not len(inside):
            assert found is None
            continue
        col, row = np.divmod(inside, rows)
        spread = np.cov(row, col, bias=True) + np.eye(2) / 12
        assert (found.area_px, found.row_px, found.col_px) == pytest.approx(
            (len(inside), row.mean(), col.mean())
        )
        assert (found.row_row, found.row_col, found.col_col) == pytest.approx(
            (spread[0, 0], spread[0, 1], spread[1, 1]), abs=1e-9
        )


@pytest.mark.parametrize("size", [[1, 2**24], [2**24, 1], [2**12, 2**12]])
def test_a_mask_takes_memory_for_its_runs_and_not_for_its_pixels(size):
    mask = {"size": size, "counts": [0, 2**24]}
    tracemalloc.start()
    try:
        assert from_mask(mask, None)[:2] == (None, NOT_ROUND)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2**18


def test_a_mask_that_is_no_disk_is_told(tmp_path):
    both = disk() | disk(Circle(60.0, 100.0, 10.0))
    left = np.zeros(SHAPE, dtype=np.uint8, order="F")
    left[:, 20:40] = 1
    full = np.ones(SHAPE, dtype=np.uint8, order="F")
    masks = [
        {"size": SHAPE, "counts": coco_masks.encode(each)["counts"].decode()}
        for each in (both, left, full)
    ]
    found = coco(tmp_path, *({"segmentation": each} for each in masks))
    assert [each.problem for each in found] == [NOT_ROUND] * 3


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        ({"segmentation": [[1, 1, 2, 1, 2, 2], [5, 5, 6, 5, 6, 6]]}, "several pieces"),
        ({"segmentation": [[0, 0, 40, 0, 40, 5, 5, 5, 5, 40, 0, 40]]}, NOT_ROUND),
        ({"segmentation": [[0, 0, 1]]}, "less than three corners"),
        ({"segmentation": [[0, 0, 1, "a", 2, 2]]}, NO_NUMBERS),
        ({"bbox": [0, 0, float("nan"), 3]}, NO_NUMBERS),
        ({"bbox": [0, 0, 10**400, 3]}, NO_NUMBERS),
        ({"bbox": [0, 0, 1e200, 3]}, TOO_FAR),
        ({"segmentation": [[0, 0, 1e300, 0, 1e300, 1e200, 0, 1]]}, TOO_FAR),
        ({"segmentation": [[0, 0, 2e9, 0, 2e9, 9, 9, 0]]}, TOO_FAR),
        ({"bbox": [10, 10, -5, 3]}, "encloses nothing"),
        ({"bbox": [10, 10, 0, 3]}, "encloses nothing"),
        ({"bbox": "everywhere"}, NO_NUMBERS),
        ({}, NO_NUMBERS),
        ({"bbox": [1, 1, 9, 9], "iscrowd": 1}, "a crowd"),
        ({"bbox": [1, 1, 9, 9], "image_id": 8}, "no image in the file has the id 8"),
        ({"bbox": [1, 1, 9, 9], "image_id": [8]}, "no image in the file"),
        ({"segmentation": {"size": [9, 9], "counts": [81]}}, "size of the micrograph"),
        ({"segmentation": {"size": SHAPE, "counts": [0, 10**9]}}, "more pixels"),
        ({"segmentation": {"size": SHAPE, "counts": [0, -5]}}, "cannot be unpacked"),
        ({"segmentation": {"size": SHAPE, "counts": "\u20ac"}}, "cannot be unpacked"),
        ({"segmentation": {"size": SHAPE, "counts": "o" * 99}}, "cannot be unpacked"),
        ({"segmentation": {"counts": [5]}}, "no size"),
    ],
)
def test_what_is_no_particle_is_told_and_where(tmp_path, annotation, problem):
    good, bad = coco(tmp_path, {"bbox": [38.5, 18.5, 24, 24]}, annotation)
    assert near(good.circle, ROUND)
    assert bad.circle is None
    assert problem in bad.problem
    assert bad.place == "annotation 2"


def test_an_id_of_several_images_or_classes_is_that_of_none(tmp_path):
    record = {
        "images": [{"id": 7, "file_name": "m1.png"}, {"id": 7, "file_name": "m2.png"}],
        "annotations": [{"image_id": 7, "category_id": 3, "bbox": [1, 1, 9, 9]}],
        "categories": [{"id": 3, "name": "yes"}, {"id": 3, "name": "no"}],
    }
    path = tmp_path / "other.json"
    for images, circle in ((2, None), (1, Circle(5.0, 5.0, 4.5))):
        path.write_text(json.dumps(record | {"images": record["images"][:images]}))
        (shape,) = read_annotations(path, lambda name: SHAPE).shapes
        assert shape.circle == circle
        assert ("more than one image" in shape.problem) == (images == 2)
    assert shape.name == "3"


def test_an_image_or_class_that_is_listed_twice_alike_is_one(tmp_path):
    classes = [{"id": 3, "name": "Yes"}] * 2
    (shape,) = coco(tmp_path, {"bbox": [1, 1, 9, 9]}, categories=classes)
    assert (shape.name, shape.problem) == ("Yes", "")


def test_an_image_of_another_size_is_another_image(tmp_path):
    image = {"id": 7, "file_name": "m1.png", "height": 45, "width": 70}
    (shape,) = coco(tmp_path, {"bbox": [1, 1, 9, 9]}, image=image)
    assert "45 x 70" in shape.problem
    assert "90 x 140" in shape.problem


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[" * 100_000,
        '{"a":' * 100_000,
        "{}",
        '{"images": 3, "annotations": []}',
        '{"images": [3], "annotations": []}',
        '{"images": [], "annotations": [[]]}',
        "",
        "{" + "9" * 10_000 + ": 1}",
        '{"images": [' + "," * 5_000_000,
    ],
    ids=lambda text: text[:12],
)
def test_other_json_ends_in_a_sentence(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(LabelFileError, match=r"^other\.json.*\.$"):
        read_annotations(path, lambda name: SHAPE)


# YOLO


def yolo(tmp_path, text, names=None):
    path = tmp_path / "labels" / "train" / "m1.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for name, content in (names or {}).items():
        (tmp_path / name).write_text(content)
    return read_annotations(path, lambda name: SHAPE).shapes


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("data.yaml", "names: [dot, yes, null]"),
        ("data.yaml", "names:\n  0: dot\n  1: yes\n  2: ~\n"),
        ("labels/classes.txt", "dot\nyes\nnull\n"),
        ("labels/train/obj.names", "\ufeffdot\r\nyes\r\nnull\r\n"),
    ],
)
def test_names_of_classes_are_found_beside_and_above(tmp_path, file, text):
    (tmp_path / "labels" / "train").mkdir(parents=True)
    lines = "".join(f"{n} 0.5 0.5 0.1 0.1\n" for n in range(4))
    found = yolo(tmp_path, lines, {file: text})
    assert [each.name for each in found] == ["dot", "yes", "null", "3"]


def test_an_outline_in_shares_of_the_picture_is_a_circle(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x = (50.5 + 12 * np.cos(angle)) / SHAPE[1]
    y = (30.5 + 12 * np.sin(angle)) / SHAPE[0]
    numbers = " ".join(f"{each:.6f}" for each in np.column_stack([x, y]).ravel())
    (shape,) = yolo(tmp_path, f"0 {numbers}\n")
    assert near(shape.circle, ROUND)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("0 0.5 0.5 0 0.1", "encloses nothing"),
        ("0 nan 0.5 0.1 0.1", "no class with a box"),
        ("0.5 0.5 0.5 0.1 0.1", "no class with a box"),
        ("zero 0.5 0.5 0.1 0.1", "no class with a box"),
        ("0 0.5 0.5 0.1 0_1.1", "no class with a box"),
        ("0 0.5 0.5 0.1", "no class with a box"),
        ("0 0.1 0.1 0.9 0.1 0.9 0.2 0.1 0.2", NOT_ROUND),
        ("0 0.1 0.1 0.9 0.1 0.9 0.2 0.3", NO_NUMBERS),
        ("0 0.5 0.5 0.1 0.1 0.93", "nobody reviewed"),
    ],
)
def test_a_line_that_is_no_particle_is_told_with_its_number(tmp_path, line, problem):
    good, bad = yolo(tmp_path, f"1 0.5 0.5 0.1 0.1\n\n{line}\n")
    assert good.circle is not None
    assert (bad.circle, bad.place) == (None, "line 3")
    assert problem in bad.problem


@pytest.mark.parametrize(
    "text", ["names: [", "a: &a [1]\nnames: [*a, *a]", "names: " + "[" * 5000]
)
def test_names_that_cannot_be_read_end_in_a_sentence(tmp_path, text):
    with pytest.raises(LabelFileError, match=r"^data\.yaml is not YAML"):
        yolo(tmp_path, "0 0.5 0.5 0.1 0.1\n", {"data.yaml": text})


def test_other_texts_are_neither_a_label_file_nor_yolos(tmp_path):
    with pytest.raises(LabelFileError, match="neither a label file nor one of YOLO's"):
        yolo(tmp_path, "Dear diary\n")


# ImageJ


def roi_set(tmp_path, *rois, name="m1_RoiSet.zip"):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, roi in enumerate(rois):
            data = roi if isinstance(roi, bytes) else roi.tobytes()
            archive.writestr(f"{number}.roi", data)
    return read_annotations(path, lambda name: SHAPE).shapes


def oval(name="", top=19, left=39, height=24, width=24, **more):
    return roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.OVAL,
        name=name,
        top=top,
        left=left,
        bottom=top + height,
        right=left + width,
        **more,
    )


def turned(x1, y1, x2, y2, ratio):
    """An ellipse as ImageJ's tool of that name draws it."""
    head, size, arc = struct.unpack(">BBh", struct.pack(">f", ratio))
    return roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.FREEHAND,
        subtype=roifile.ROI_SUBTYPE.ELLIPSE,
        x1=x1,
        y1=y1,
        x2=x2,
        y2=y2,
        arrow_style_or_aspect_ratio=head,
        arrow_head_size=size,
        rounded_rect_arc_size=arc,
    )


def test_ovals_of_whole_pixels_and_turned_ellipses_are_circles(tmp_path):
    found = roi_set(tmp_path, oval(), turned(38.5, 30.5, 62.5, 30.5, 1.0))
    for each in found:
        assert near(each.circle, Circle(30.5, 50.5, 12.0), 0.51)
    assert near(found[0].circle, Circle(30.5, 50.5, 12.0), 1e-6)
    assert near(found[1].circle, Circle(30.0, 50.0, 12.0), 1e-6)
    (long,) = roi_set(tmp_path, turned(40.0, 20.0, 60.0, 40.0, 0.5))
    assert long.stretched
    assert long.circle.radius_px == pytest.approx(np.sqrt(200 * 0.5))


def test_outlines_by_hand_are_circles_where_they_are_round(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points = np.column_stack([50.5 + 12 * np.cos(angle), 30.5 + 12 * np.sin(angle)])
    outline = roifile.ImagejRoi.frompoints(points.astype(np.float32))
    square = roifile.ImagejRoi.frompoints(np.array([[0, 0], [9, 0], [9, 9], [0, 9]]))
    good, bad = roi_set(tmp_path, outline, square)
    assert near(good.circle, Circle(30.0, 50.0, 12.0), 0.1)
    assert bad.problem == NOT_ROUND


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("yes-0001", "yes"),
        ("Null 3", "Null"),
        ("0012-0345", None),
        ("", None),
        ("fault_2", "fault"),
    ],
)
def test_the_class_is_the_first_word_of_the_name(tmp_path, name, wanted):
    (shape,) = roi_set(tmp_path, oval(name))
    assert shape.name == wanted


def test_other_regions_are_told_by_their_kind(tmp_path):
    kinds = [roifile.ROI_TYPE.RECT, roifile.ROI_TYPE.LINE, roifile.ROI_TYPE.POINT]
    rois = [roifile.ImagejRoi(roitype=each, right=9, bottom=9) for each in kinds]
    found = roi_set(tmp_path, oval(), *rois)
    assert found[0].circle is not None
    told = [each.problem for each in found[1:]]
    expected = [f"({each.name.lower()})" for each in kinds]
    assert all(a.endswith(b) for a, b in zip(told, expected, strict=True))
    assert [each.place for each in found[1:]] == ["1.roi", "2.roi", "3.roi"]


@pytest.mark.parametrize("name", ["m1.zip", "m1_RoiSet.zip", "RoiSet_m1.zip"])
def test_a_set_belongs_to_the_micrograph_of_its_name(tmp_path, name):
    (shape,) = roi_set(tmp_path, oval(), name=name)
    assert shape.picture == "m1"


def test_a_set_without_a_name_names_no_micrograph(tmp_path):
    (shape,) = roi_set(tmp_path, oval(), name="RoiSet.zip")
    assert shape.picture == ""


def test_changed_bytes_of_a_region_never_break_the_reader(tmp_path):
    rng = np.random.default_rng(3)
    outline = roifile.ImagejRoi.frompoints(np.arange(24).reshape(12, 2) % 7)
    mutants = []
    for start in (oval("yes").tobytes(), outline.tobytes()):
        for _ in range(300):
            data = bytearray(start)
            for at in rng.integers(4, len(data), 3):
                data[at] = rng.integers(256)
            mutants.append(bytes(data[: rng.integers(1, len(data) + 1)]))
    found = roi_set(tmp_path, *mutants)
    assert len(found) == len(mutants)
    assert all(bool(each.problem) != (each.circle is not None) for each in found)


def bomb():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", b"\0" * 2**24)
    return packed.getvalue()


def many():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(100_001):
            archive.writestr(zipfile.ZipInfo(f"{number:x}.roi"), b"")
    return packed.getvalue()


def strange():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.roi", b"Iout")
    return packed.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        bomb(),
        bomb()[:-30],
        bomb()[:2000] + bomb()[9000:],
        many(),
        strange(),
    ],
    ids=["empty", "start", "bomb", "cut", "holed", "many", "strange"],
)
def test_sets_that_are_damaged_or_meant_ill_end_in_a_sentence(tmp_path, data):
    path = tmp_path / "m1.zip"
    path.write_bytes(data)
    with pytest.raises(LabelFileError, match=r"^m1\.zip (is|holds) .*\.$"):
        read_annotations(path, lambda name: SHAPE)


# Tables


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b\n1,2\n", "no table of particles"),
        ("micrograph,particle,annotator,label\nm1,a,ann,yes\n", "but no places"),
        ("micrograph;particle;annotator;label\nm1;a;ann;yes\n", "but no places"),
        ("micrograph,x_px,y_px,radius_px\n" + "a" * 200_000, "line 2"),
        ("micrograph,x_px,y_px,radius_px,X_px\nm,1,1,1,2\n", "than one column x_px"),
        ("micrograph,x_px,y_px,radius_px,label,label\n", "than one column label"),
        (b"micrograph,x_px,y_px,radius_px\nm\xe41,1,1,1\n", "UTF-8"),
        (
            "micrograph;x_px;y_px;radius_px\nm1;70,5;50;9\nm1;1.024;50;9\n",
            '"70,5" in line 2 and "1.024" in line 3',
        ),
        ('micrograph,x_px,y_px,radius_px\nm1,70.5,50,"1,024"\n', "commas and points"),
    ],
)
def test_other_tables_end_in_a_sentence(tmp_path, text, problem):
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LabelFileError, match=problem):
        read_annotations(path, lambda name: SHAPE)


def test_a_table_of_ones_own_needs_four_columns(tmp_path):
    path = tmp_path / "mine.csv"
    lines = ["x_px\ty_px\tRadius_px\tMicrograph", "50,5\t30,25\t12\tm1"]
    path.write_text("\n".join([*lines, "x\t\t\t", "5_0\t30\t12\tm1\n"]))
    good, bad, marked = read_annotations(path, lambda name: SHAPE).shapes
    assert good.circle == Circle(30.25, 50.5, 12.0)
    assert (good.picture, good.name) == ("m1", None)
    assert (bad.place, bad.problem) == ("line 3", NO_NUMBERS)
    assert (marked.place, marked.problem) == ("line 4", NO_NUMBERS)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        *((word, NOT_REVIEWED) for word in ("false", "FALSCH", "Nein", "FAUX", "0")),
        *((word, "") for word in ("true", "WAHR", "ja", "VRAI", "Vero", "1", "")),
        ("perhaps", "its column reviewed says neither true nor false"),
    ],
)
def test_a_review_is_told_in_the_words_of_a_spreadsheet(tmp_path, said, problem):
    path = tmp_path / "saved.csv"
    columns = "micrograph;x_px;y_px;radius_px;label;reviewed"
    path.write_text(f"{columns}\nm1;50,5;30,25;12;yes;{said}\n")
    (shape,) = read_annotations(path, lambda name: SHAPE).shapes
    assert shape.problem == problem
    assert (shape.circle is None) == bool(problem)


def test_lines_that_a_spreadsheet_leaves_empty_are_passed_over(tmp_path):
    path = tmp_path / "saved.csv"
    columns = "micrograph;x_px;y_px;radius_px;;"
    path.write_text(f"{columns}\n;;;;;\nm1;50;30;12;;\n;;;;;;;\n ;;;;;\n")
    (shape,) = read_annotations(path, lambda name: SHAPE).shapes
    assert (shape.place, shape.circle) == ("line 3", Circle(30.0, 50.0, 12.0))


def test_a_folder_gives_what_looks_like_annotations(tmp_path):
    (tmp_path / "m1.zip").write_bytes(b"PK")
    (tmp_path / "notes.txt").write_text("Dear diary")
    (tmp_path / "counts.csv").write_text("a,b\n")
    (tmp_path / "classes.txt").write_text("yes\n")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "m1.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    found = find_annotations([tmp_path])
    assert [each.name for each in found.files] == ["m1.zip", "m1.txt"]
    assert find_annotations([tmp_path / "labels"]).problems == ()
    (tmp_path / "bare").mkdir()
    (sentence,) = find_annotations([tmp_path / "bare"]).problems
    assert "holds no annotations" in sentence
