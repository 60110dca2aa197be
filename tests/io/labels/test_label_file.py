"""Label files: the same after writing, a sentence for each mistake."""

import ast
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cdse.core.errors import LabelFileError
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.labels.label_file import (
    LIMIT_BYTES,
    format_labels,
    is_label_file,
    parse_labels,
    read_label_file,
    write_label_file,
)

GOOD = """Particle Location:
[418.0, 360.0]
[364.5, 258.0]
Radius Size:
44
36
Defect Label:
yes
null
Image Size:
(1024, 768)
"""
CIRCLES = (Circle(360.0, 418.0, 44.0), Circle(258.0, 364.5, 36.0))


def _refusal(text, **options):
    with pytest.raises(LabelFileError) as caught:
        parse_labels(text, "a.txt", **options)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def _read_as_the_origin(text):
    """Go by the headings and evaluate the lines between, as its readers do."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    headings = ("Radius Size:", "Defect Label:", "Image Size:")
    radius, label, size = (lines.index(heading) for heading in headings)
    places = [ast.literal_eval(line) for line in lines[1:radius]]
    return places, [int(r) for r in lines[radius + 1 : label]], lines[label + 1 : size]


def test_column_comes_first_in_the_file_and_row_in_the_record(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(GOOD)
    found = read_label_file(path, shape=(1024, 768))
    assert found.circles == CIRCLES
    assert found.labels == ("yes", "null")
    assert found.shape == (1024, 768)
    assert found.reviewed
    assert found.looked_at


def test_read_written_read_is_the_same(tmp_path):
    path = tmp_path / "a.txt"
    found = parse_labels(GOOD, "a.txt")
    write_label_file(path, found.circles, found.labels, found.shape)
    assert path.read_text() == GOOD
    assert read_label_file(path) == found


def test_any_position_survives_exactly(tmp_path):
    circles = (Circle(1 / 3, 1e-7, 5.0), Circle(99.5, -0.5, 1.0), Circle(0, 7, 2.0))
    path = tmp_path / "a.txt"
    write_label_file(path, circles, ("no", "empty", "yes"), (100, 50))
    assert read_label_file(path).circles == circles


@pytest.mark.parametrize(
    ("radius", "whole"), [(44.49, 44), (44.5, 45), (45.5, 46), (0.2, 1)]
)
def test_radii_are_rounded_half_up_and_never_to_nothing(radius, whole):
    text = format_labels([Circle(1, 1, radius)], ["no"], (99, 9))
    assert f"Radius Size:\n{whole}\n" in text


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n\t", "\ufeff"])
def test_an_empty_file_is_not_labelled(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    assert read_label_file(path) is None


def test_headings_alone_say_looked_at_and_no_particle(tmp_path):
    path = tmp_path / "a.txt"
    write_label_file(path, [], [], (30, 40))
    found = read_label_file(path, shape=(30, 40))
    assert found.circles == ()
    assert found.looked_at


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        "\ufeff" + GOOD,
        "\n\n" + GOOD.replace("\n", "  \n\n"),
        GOOD.strip(),
        GOOD.replace("44", "44.0").replace("[418.0, 360.0]", "[ 418,360. ]"),
        GOOD.replace("(1024, 768)", "( 1024,768 )"),
        GOOD + "Review:\nreviewed\n",
        GOOD.replace("[364.5, 258.0]", "[364,5; 258,0]"),
        GOOD.replace("[364.5, 258.0]", "[364,5, 258,0]"),
        GOOD.replace("[364.5, 258.0]", "[364,5, 258]"),
        GOOD.replace("[364.5, 258.0]", "[364.5,258,0]").replace("44", "44,0"),
        GOOD.replace("[364.5, 258.0]", "[np.float64(364.5), np.float32(258.0)]"),
        GOOD.replace("36\n", "numpy.int64(36)\n"),
        GOOD.replace("(1024, 768)", "(np.int64(1024), 768)"),
        GOOD.replace("null", "np.str_('null')"),
    ],
)
def test_harmless_differences_mean_nothing(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    assert read_label_file(path) == parse_labels(GOOD, "a.txt")


def test_unreviewed_labels_say_so_and_the_origin_still_reads_them(tmp_path):
    path = tmp_path / "a.txt"
    write_label_file(path, CIRCLES, ("yes", "null"), (1024, 768), reviewed=False)
    found = read_label_file(path)
    assert not found.reviewed
    assert not found.looked_at
    assert found.circles == CIRCLES
    assert path.read_text() == GOOD + "Review:\nnot reviewed\n"
    assert _read_as_the_origin(path.read_text()) == _read_as_the_origin(GOOD)
    places, radii, labels = _read_as_the_origin(path.read_text())
    assert (places[1], radii, labels) == ([364.5, 258.0], [44, 36], ["yes", "null"])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[364.5, 258.0]\n", "", "line 3: there are 1 locations but 2 radii"),
        ("36\n", "", "line 4: there are 2 locations but 1 radii"),
        ("null\n", "", "line 7: there are 2 locations but 1 labels"),
        ("[418.0, 360.0]", "[here, 360.0]", 'line 2: "[here, 360.0]" is no location'),
        ("[418.0, 360.0]", "[418.0]", "line 2: "),
        ("[418.0, 360.0]", "(418.0, 360.0)", "line 2: "),
        ("[418.0, 360.0]", "[nan, 360.0]", "line 2: "),
        ("[418.0, 360.0]", "[418.0, __import__('os')]", "line 2: "),
        ("[418.0, 360.0]", "[1e999, 360.0]", "line 2: the number 1e999 is too large"),
        ("[418.0, 360.0]", "[360.0, 1200.0]", "line 2: the centre [360, 1200] lies"),
        ("[418.0, 360.0]", "[900.0, 360.0]", "outside the image of 1024 rows"),
        ("[418.0, 360.0]", "[-3, 360.0]", "line 2: the centre [-3, 360] lies outside"),
        ("44", "nan", 'line 5: "nan" is no radius'),
        ("44", "-44", "line 5: the radius -44 is not above 0"),
        ("44", "0", "line 5: the radius 0 is not above 0"),
        ("44", "44.5", "line 5: the radius 44.5 is no whole number"),
        ("44", "٤٤", "line 5: "),
        ("44", "1e308", "line 5: the radius 1e308 is larger than the image of 1024"),
        ("44", "1281", "line 5: the radius 1281 is larger than the image"),
        ("44", "inf", 'line 5: "inf" is no radius'),
        ("44", "44,5", "line 5: the radius 44,5 is no whole number"),
        ("[418.0, 360.0]", "[418,5,360]", "can be read in more than one way"),
        ("[418.0, 360.0]", "[1,2,3,4,5]", "is no location"),
        ("[418.0, 360.0]", "[np.float64(nan), 360.0]", "line 2: "),
        ("[418.0, 360.0]", "[os.float64(418.0), 360.0]", "line 2: "),
        ("yes", "Yes", 'line 8: "Yes" is no label; use one of yes, no, null, empty'),
        ("yes", "twin", 'line 8: "twin" is no label'),
        ("Particle Location:\n", "", "line 1: the file must begin with"),
        ("Radius Size:\n", "", 'line 6: "Radius Size:" must come before this'),
        ("Image Size:\n(1024, 768)\n", "", 'line 9: the file ends before "Image Size'),
        ("Image Size:", "Defect Label:", 'line 10: "Defect Label:" comes a second'),
        ("(1024, 768)\n", "", "line 10: the image size must follow"),
        ("(1024, 768)", "1024 x 768", 'line 11: "1024 x 768" is no image size'),
        ("(1024, 768)", "(0, 768)", "line 11: "),
        ("(1024, 768)\n", "(1024, 768)\n(1, 1)\n", "line 10: the image size must"),
        (
            "(1024, 768)",
            "(1024, 768)\nReview:\nmaybe",
            'line 13: "Review:" is followed',
        ),
        ("(1024, 768)", "(1024, 768)\nReview:", "line 11: "),
        ("Radius Size:", "Radius size:", 'line 7: "Radius Size:" must come before'),
    ],
)
def test_each_mistake_has_its_sentence_with_the_line(old, new, says):
    assert old in GOOD
    message = _refusal(GOOD.replace(old, new, 1))
    assert message.startswith("a.txt, line ")
    assert says in message


def test_labels_of_another_image_are_refused():
    message = _refusal(GOOD, shape=(768, 1024))
    assert "line 11: the image size is (1024, 768), but the micrograph" in message
    assert "(768, 1024)" in message


def test_the_line_is_that_of_the_file_and_not_of_what_is_left_of_it(tmp_path):
    path = tmp_path / "b.txt"
    path.write_bytes(b"\r\n\r\n" + GOOD.replace("yes", "?").encode())
    with pytest.raises(LabelFileError, match=r"^b\.txt, line 10: "):
        read_label_file(path)


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"ab\n\xff\xfe\n", 2), (b"\nab\n\n\xff", 4), (GOOD.encode("utf-16"), 1)],
)
def test_what_is_no_text_gets_a_sentence(tmp_path, data, line):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    says = rf"^a\.txt, line {line}: this is not text"
    with pytest.raises(LabelFileError, match=says):
        read_label_file(path)


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        (GOOD.encode(), True),
        (b"\xef\xbb\xbf\r\n\t " + GOOD.encode(), True),
        (b"particle location:", True),
        (b"Particle Location:\n\xff", True),
        (b"", False),
        (b"Dear diary\nParticle Location:\n", False),
        (b"\n" * 2**20 + GOOD.encode(), False),
        (b"Radius Size:\n44\n", False),
    ],
)
def test_a_label_file_is_known_by_its_first_heading(tmp_path, start, begins):
    path = tmp_path / "a.txt"
    path.write_bytes(start)
    assert is_label_file(path) == begins


def test_what_cannot_be_read_is_no_label_file(tmp_path):
    assert not is_label_file(tmp_path / "none.txt")
    assert not is_label_file(tmp_path)


def test_control_characters_do_not_reach_the_screen():
    assert r"\x1b[31m\x00" in _refusal(GOOD.replace("yes", "\x1b[31m\0"))
    assert len(_refusal(GOOD.replace("yes", "y" * 10_000))) < 300


def test_huge_and_missing_files_get_a_sentence(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n" * (LIMIT_BYTES + 1))
    with pytest.raises(LabelFileError, match=r"a\.txt is larger than 4 MiB"):
        read_label_file(path)
    with pytest.raises(LabelFileError, match=r"none\.txt does not exist"):
        read_label_file(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("circle", "label", "says"),
    [
        (Circle(1, 60, 3), "no", "particle 1 has its centre outside the image"),
        (Circle(1, 1, float("nan")), "no", "no proper circle"),
        (Circle(1, 1, -3), "no", "no proper circle"),
        (Circle(1, 1, 71), "no", "particle 1 is larger than the image"),
        (Circle(1, 1, 3), "twin", "has the label 'twin'"),
    ],
)
def test_nothing_is_written_that_could_not_be_read(tmp_path, circle, label, says):
    path = tmp_path / "a.txt"
    path.write_text(GOOD)
    with pytest.raises(LabelFileError, match=f"^a.txt was not written: .*{says}"):
        write_label_file(path, [circle], [label], (50, 50))
    assert path.read_text() == GOOD


def test_a_circle_without_a_label_is_not_written(tmp_path):
    with pytest.raises(LabelFileError, match="2 circles but 1 labels"):
        write_label_file(tmp_path / "a.txt", CIRCLES, ["no"], (1024, 768))


def test_a_full_disk_leaves_the_old_labels(tmp_path, full_disk):
    path = tmp_path / "a.txt"
    path.write_text(GOOD)
    with full_disk(), pytest.raises(LabelFileError, match="the disk is full"):
        write_label_file(path, [], [], (10, 10))
    assert path.read_text() == GOOD


def test_the_diagonal_is_the_largest_radius_that_shows():
    assert (
        parse_labels(GOOD.replace("44", "1280"), "a.txt").circles[0].radius_px == 1280
    )


PLACES = st.builds(
    Circle,
    st.floats(-0.5, 99.5),
    st.floats(-0.5, 49.5),
    st.integers(1, 111).map(float),
)


@given(st.lists(st.tuples(PLACES, st.sampled_from(CLASSES)), max_size=5))
def test_whatever_is_written_is_read_again(told):
    circles = tuple(circle for circle, _ in told)
    labels = tuple(label for _, label in told)
    found = parse_labels(format_labels(circles, labels, (100, 50)), "a.txt")
    assert (found.circles, found.labels) == (circles, labels)


@given(st.floats(-0.5, 767.5).map(repr), st.floats(-0.5, 1023.5).map(repr))
def test_a_decimal_comma_is_read_as_the_point_that_it_stands_for(x, y):
    def read(place):
        return parse_labels(GOOD.replace("[418.0, 360.0]", place), "a.txt")

    with_points = read(f"[{x}, {y}]")
    with_commas = f"[{x.replace('.', ',')}; {y.replace('.', ',')}]"
    assert read(with_commas) == with_points


NUMBERS = st.text("0123456789.,;-+einf() np", max_size=30)


@given(NUMBERS, NUMBERS)
def test_any_text_is_a_circle_on_its_image_or_a_sentence(place, radius):
    text = GOOD.replace("418.0, 360.0", place).replace("44", radius)
    try:
        found = parse_labels(text, "a.txt")
    except LabelFileError:
        assert _refusal(text).startswith("a.txt, line ")
        return
    for circle in found.circles:
        assert -0.5 <= circle.row_px <= 1023.5
        assert -0.5 <= circle.col_px <= 767.5
        assert 1 <= circle.radius_px <= 1280


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_no_label_file_whatever_comes_out_of_it(tmp_path):
    path = tmp_path / "a.txt"
    os.mkfifo(path)
    # Both ends, so that nobody waits.
    ends = os.open(path, os.O_RDWR)
    try:
        os.write(ends, GOOD.encode() + b"\n" * 2000)
        assert not is_label_file(path)
    finally:
        os.close(ends)
