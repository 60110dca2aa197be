"""``napari-cdse report``: one page, safe, and no number that is not in the summary."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from napari_cdse.cli import main
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.visibility_table import write_visibility
from napari_cdse.project import Project
from tests.annotating import ids, say
from tests.project_tools import (
    hand_over,
    put_circles,
    small_model,
    write_folder,
)
from tests.visibility_tables import the_table

HOSTILE = "<script>alert(1)</script>\"'&amp;$x_1$\u202e"
CIRCLES = [
    Circle(12.0 + 16 * n, 12.0 + 16 * m, 6.5) for n in range(5) for m in range(8)
]
VOID = {"meta", "img"}
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]\d+)?")


@pytest.fixture
def project(tmp_path):
    """Six micrographs of forty proposals, half of them drawn; two annotators."""
    names = [f"m{n}.png" for n in range(5)] + ["<img src=x onerror=alert(1)>.png"]
    folder = write_folder(tmp_path / "sample", names)
    project = Project.create_or_open(folder)
    model = small_model(name=HOSTILE[:-1])
    project.models.add(model)
    project.models.keep(model.card.id)
    project.audits.share = 0.5
    project.micrographs.set_pixel_size(0.3)
    for index in range(6):
        hand_over(project, index)
        put_circles(project, CIRCLES, model.card.id, index)
    for who, shift in (("Ada", 0), (HOSTILE, 3)):
        labels = {
            each: CLASSES[(n // 2 + (shift and not n % shift)) % 4]
            for index in range(6)
            for n, each in enumerate(ids(project, index))
            if n % 2
        }
        say(project, who, labels, hide=bool(shift))
    project.exclusions.set_excluded(4, HOSTILE)
    project.micrographs.set_samples({0: "aged", 1: "aged", 2: HOSTILE, 3: HOSTILE})
    yield project
    project.close()


@pytest.fixture
def page(project, tmp_path):
    file = tmp_path / "new" / "page.html"
    assert main(["report", str(project.path), "--out", str(file)]) == 0
    return file.read_text("utf-8")


class Reader(HTMLParser):
    """Reads a page: tags, addresses, and words outside of what is fixed."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.addresses, self.ids, self.words = set(), [], [], []
        self.open, self.unfinished = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.add(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.addresses += [told[n] for n in ("src", "href", "xlink:href") if n in told]
        assert not [name for name in told if name.startswith("on")]
        if tag not in VOID:
            self.open.append((tag, told.get("class")))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        ours = {("style", None), ("svg", None)} & {(t, None) for t, _ in self.open}
        fixed = any(name == "fixed" for _, name in self.open)
        if not ours and not fixed:
            self.words.append(data)


def forms(value):
    """Every way in which the page may write a number of the summary, or its words."""
    if isinstance(value, dict):
        for each in value.values():
            yield from forms(each)
    elif isinstance(value, list):
        for each in value:
            yield from forms(each)
    elif isinstance(value, str):
        yield from NUMBER.findall(value)
    elif isinstance(value, int | float):
        yield from (f"{value:{form}}" for form in (".2f", ".3g", ".4g", ".1f"))
        yield str(value)


def test_every_number_on_the_page_is_in_the_summary(page, project, tmp_path):
    out = tmp_path / "out"
    flags = ["--include-predictions", "--out", str(out)]
    assert main(["export", str(project.path), *flags]) == 0
    summary = json.loads((out / "summary.json").read_text())
    known = set(forms(summary)) | {"95"}
    words = " ".join(Reader(page).words)
    # References are numbered by the page itself.
    told = NUMBER.findall(re.sub(r"\[[\d, ]+\]", "", words))
    assert len(told) > 150
    assert sorted(set(told) - known) == []
    assert summary["visible_defects"]["sentence"] in words
    assert summary["visible_defects"]["interval_95"] is not None
    assert [each["name"] for each in summary["samples"]] == ["aged", HOSTILE]
    (found,) = summary["sample_comparisons"]
    # The page writes other letters for those that turn the direction of writing.
    assert found["sentence"].partition(": ")[2] in words


def test_the_pixel_sizes_uncertainty_is_told_beside_the_sizes(project, tmp_path):
    out, page = tmp_path / "out", tmp_path / "page.html"
    flag = ["--pixel-size-error", "3"]
    export = ["export", str(project.path), "--include-predictions", "--out", str(out)]
    assert main([*export, *flag]) == 0
    summary = json.loads((out / "summary.json").read_text())
    (every,) = [one for one in summary["diameters_nm"] if one["label"] == "all"]
    assert every["mean_systematic"] == pytest.approx(0.03 * every["mean"])
    assert main(["report", str(project.path), "--out", str(page), *flag]) == 0
    assert "known to within 3.00%" in page.read_text("utf-8")
    # It is said of this run; the project goes on with its own.
    assert main(export) == 0
    assert "as exact" in (out / "summary.json").read_text()
    with pytest.raises(SystemExit) as usage:
        main([*export, "--pixel-size-error", "30"])
    assert usage.value.code == 2


def test_nothing_from_outside_becomes_part_of_the_page(page):
    read = Reader(page)
    assert not read.tags & {"script", "iframe", "object", "link", "a"}
    assert "<script" not in page
    assert "onerror=alert(1)>" not in page
    assert "\u202e" not in page
    assert "<script>alert(1)</script>" in " ".join(read.words)
    assert not read.open


def test_the_page_needs_nothing_beside_it(page):
    read = Reader(page)
    assert read.addresses
    for each in read.addresses:
        assert each.startswith(("data:image/png;base64,", "#"))
    assert not re.search(r"url\((?!#)", page)
    assert "default-src 'none'" in page


def test_figures_share_no_ids_and_find_their_own(page):
    read = Reader(page)
    assert len(read.ids) == len(set(read.ids)) > 20
    used = re.findall(r'(?:href="|url\()#([^")]+)', page)
    assert used
    assert set(used) <= set(read.ids)


def test_the_gallery_goes_from_sure_to_unsure(page):
    pictures = re.findall(r'alt="(yes|no|null|empty) particle of', page)
    assert [pictures.count(name) for name in CLASSES] == [6, 6, 6, 6]
    order = [CLASSES.index(name) for name in pictures]
    assert all(first <= second for first, second in pairwise(order))


def test_each_annotator_has_a_fraction_of_their_own(project):
    told = {
        each.value: each
        for each in project.statistics.sensitivity()
        if each.choice == "annotator"
    }
    assert set(told) == {"Ada", HOSTILE}
    assert told["Ada"].fraction != told[HOSTILE].fraction
    assert told["Ada"].n_judged == told[HOSTILE].n_judged > 0


def test_a_project_without_anything_has_a_page(tmp_path, capsys):
    folder = write_folder(tmp_path / "bare")
    Project.create_or_open(folder).close()
    file = tmp_path / "page.html"
    assert main(["report", str(folder), "--out", str(file)]) == 0
    assert "No particle is resolved" in file.read_text()
    assert str(file) in capsys.readouterr().out


def test_what_cannot_be_written_is_a_sentence(project, tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    file = tmp_path / "taken" / "page.html"
    assert main(["report", str(project.path), "--out", str(file)]) == 1
    assert "taken" in capsys.readouterr().err


def test_the_defect_content_is_told_where_asked_and_alike(project, tmp_path):
    table = tmp_path / "mine.json"
    drawn = the_table(np.random.default_rng(0), settings=60)
    # All faults of resolved dots show: most of these particles are said to have one.
    dots = tuple(
        replace(dot, shown=dot.resolved and "perfect" not in dot.kind)
        for dot in drawn.dots
    )
    write_visibility(table, replace(drawn, pixel_size_nm=(0.2, 0.4), dots=dots))
    out, page = tmp_path / "out", tmp_path / "page.html"
    export = ["export", str(project.path), "--include-predictions", "--out", str(out)]
    report = ["report", str(project.path), "--out", str(page)]
    assert main(export) == 0
    assert "defect_content" not in json.loads((out / "summary.json").read_text())
    assert main([*export, "--visibility", str(table)]) == 0
    summary = json.loads((out / "summary.json").read_text())
    found = summary["defect_content"]
    assert found["content"] > summary["visible_defects"]["fraction"]
    assert main([*report, "--visibility", str(table)]) == 0
    words = " ".join(Reader(page.read_text("utf-8")).words)
    assert found["sentence"] in words
    assert all(each in words for each in found["assumptions"])
    known = set(forms(summary)) | {"95"}
    told = NUMBER.findall(re.sub(r"\[[\d, ]+\]", "", words))
    assert sorted(set(told) - known) == []
    # What the project says holds for those that ask for nothing else.
    project.settings.visibility = str(table)
    assert main(export) == 0
    assert json.loads((out / "summary.json").read_text())["defect_content"] == found
    assert main([*export, "--visibility", "none"]) == 0
    assert "defect_content" not in json.loads((out / "summary.json").read_text())


def test_a_table_of_another_microscope_is_refused_in_a_sentence(project, tmp_path):
    page = tmp_path / "page.html"
    report = ["report", str(project.path), "--out", str(page)]
    assert main([*report, "--visibility", "standard"]) == 0
    words = " ".join(Reader(page.read_text("utf-8")).words)
    assert "The defect content can't be estimated: pixels are 0.300 nm large" in words
    assert main([*report, "--visibility", "nowhere"]) != 0
