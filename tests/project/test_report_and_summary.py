"""The report's choice of pictures, and what a summary says beside its numbers."""

from __future__ import annotations

import json
import math
import re

import pytest

from napari_cdse import __version__
from napari_cdse.core.detection.disk_fit_error import FIT_ERROR
from napari_cdse.core.errors import CdseError
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.core.review.blind_audit import MIN_OF_CLASS, audits
from napari_cdse.io.export.figures import population
from napari_cdse.io.export.particle_rows import ParticleRow
from napari_cdse.project import Project
from napari_cdse.project.export import context_of, export
from napari_cdse.project.particle_rows import rows_of, used_entries
from napari_cdse.project.report import typical, write_report
from tests.annotating import ids, say
from tests.project_tools import (
    GRID,
    MODEL,
    A,
    B,
    C,
    hand_over,
    put_circles,
    use_model,
    write_folder,
)


def row(number, sure=None, *, label="yes", by_person=False):
    """A particle whose forest gave its own class this probability."""
    shares = None
    if sure is not None:
        shares = tuple(sure if one == label else (1 - sure) / 3 for one in CLASSES)
    circle = Circle(1.0, float(number), 1.0)
    return ParticleRow("m", f"p{number}", circle, label, shares, by_person=by_person)


def numbers(rows):
    return [int(each.particle[1:]) for each in rows]


def test_typical_particles_are_spread_from_the_surest_to_the_least_sure():
    # Shuffled: the surest is p0, the next p1, and so on.
    rows = [row(n, 0.99 - n / 100) for n in (3, 0, 8, 1, 12, 10, 2, 7, 4, 11, 5, 9, 6)]
    # Six of 13, evenly: 0, 2.4, 4.8, 7.2, 9.6, 12.
    assert numbers(typical(rows)) == [0, 2, 5, 7, 10, 12]
    assert numbers(typical(rows, 2)) == [0, 12]
    assert numbers(typical(rows, 13)) == list(range(13))
    assert numbers(typical(rows[:3])) == [0, 3, 8]
    assert typical([]) == []


def test_typical_particles_are_judged_ones_where_there_are_any():
    rows = [row(n, 0.9 - n / 100, by_person=n > 6) for n in range(9)]
    assert numbers(typical(rows)) == [7, 8]


def test_a_particle_without_a_prediction_is_the_least_sure():
    rows = [row(0), row(1, 0.3), row(2, 0.9, label="no")]
    assert numbers(typical(rows)) == [2, 1, 0]


@pytest.fixture
def told(project):
    """Three micrographs: two with circles that were judged, one that was left out."""
    use_model(project)
    put_circles(project, [A, B, C], MODEL)
    hand_over(project, 1)
    put_circles(project, [A, B], MODEL, 1)
    say(project, "Ada", {ids(project)[0]: "yes", ids(project)[1]: "no"})
    say(project, "Bo", {ids(project)[0]: "yes", ids(project)[1]: "null"})
    say(project, "Ada", {ids(project, 1)[0]: "empty"})
    corners = [(C.row_px - 2, C.col_px - 2), (C.row_px - 2, C.col_px + 2)]
    corners += [(C.row_px + 2, C.col_px), (C.row_px + 3, C.col_px - 1)]
    project.exclusions.add_region(0, corners, "ice or salt")
    project.exclusions.set_excluded(2, "drift")
    project.micrographs.set_pixel_size(0.04)
    return project


def test_a_summary_says_what_is_in_it_and_what_was_left_out(told):
    entries = used_entries(told)
    names = {each.path: f"the {each.name}" for each in entries}
    context = context_of(told, entries, names, include_predictions=True)
    assert context["program"] == f"napari-cdse {__version__}"
    assert context["project"] == told.path.name
    assert context["include_predictions"] is True
    assert (context["micrographs"], context["micrographs_left_out"]) == (2, 1)
    assert context["circles_left_out"] == 1
    whole, part = context["left_out"]
    assert whole == {"micrograph": "m10.png", "reason": "drift"}
    assert (part["micrograph"], part["reason"]) == ("m1.png", "ice or salt")
    assert part["corners_x_y_px"] == [
        [108.0, 38.0],
        [112.0, 38.0],
        [110.0, 42.0],
        [109.0, 43.0],
    ]
    assert context["annotators"] == ("Ada", "Bo")
    assert context["disagreements"] == 1
    (pair,) = context["agreement"]
    assert pair["annotators"] == ("Ada", "Bo")
    assert (pair["particles"], pair["micrographs"], pair["agreed"]) == (0, 0, 0)
    assert [card.id for card in context["model_cards"]] == [MODEL]
    assert "defect_content" not in context


def test_delocalised_fringes_make_the_fitted_circles_less_sure(told):
    """Of one micrograph, 0.45 nm by a lens; the other's circle was moved by hand."""
    table = told._state.micrographs
    for each in table.rows:
        quality = MicrographQuality(0.04, delocalisation_nm=0.45)
        table.update(each.key, quality=quality)
    told.edits.reshape({ids(told)[1]: Circle(62.0, 70.0, 12.0)})
    rows = rows_of(told, told.micrographs.entries[0], "m", True, {})
    assert [row.label for row in rows] == ["yes", "null"]
    # 0.2 nm beyond what does no harm, of a radius of 10 px.
    beyond = 0.2 / 0.4
    expected = math.hypot(FIT_ERROR["yes"], beyond)
    assert [row.fit_error for row in rows] == pytest.approx([expected, 0])


def test_blind_labels_of_two_are_compared_in_the_summary(project):
    put_circles(project, [A, B, C])
    first, second, third = ids(project)
    say(project, "Ada", {first: "yes", second: "no", third: "null"})
    say(project, "Bo", {first: "yes", second: "yes", third: "null"}, hide=True)
    entries = used_entries(project)
    names = {each.path: each.name for each in entries}
    (pair,) = context_of(project, entries, names, include_predictions=False)[
        "agreement"
    ]
    assert (pair["particles"], pair["micrographs"], pair["agreed"]) == (3, 1, 2)
    assert pair["observed"] == pytest.approx(2 / 3)
    # Three are too few for more.
    assert pair["kappa"] is None
    assert pair["classes"] == CLASSES
    confusion = [list(each) for each in pair["confusion"]]
    assert confusion == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert "Ada" in pair["sentence"]


@pytest.fixture
def drawn(tmp_path):
    """Six micrographs of two samples, all draws judged: there is an interval."""
    folder = write_folder(tmp_path / "drawn", [f"{n % 2}_{n}.png" for n in range(6)], 0)
    project = Project.create_or_open(folder)
    use_model(project)
    project.audits.share = 0.5
    for index in range(6):
        hand_over(project, index)
        put_circles(project, GRID[:40], MODEL, index)
        lots = [p.id for p in project.particles.of(index) if project.audits.hides(p.id)]
        if not index:
            # One class in one micrograph alone.
            project.edits.label(lots[:MIN_OF_CLASS], "null", selected_by="queue")
            lots = lots[MIN_OF_CLASS:]
        project.edits.label(lots[::2], "yes", selected_by="queue")
        project.edits.label(lots[1::2], "no", selected_by="queue")
    project.micrographs.set_samples({n: str(n % 2) for n in range(6)})
    yield project
    project.close()


def test_all_that_is_written_is_about_the_width_that_the_person_wants(drawn, tmp_path):
    assert drawn.statistics.visible_defects().interval_95 is not None
    assert "within 0.05" in export(drawn, tmp_path / "before").sentences[-1]
    drawn.settings.half_width = 0.4
    (*_, sentence) = export(drawn, tmp_path / "after").sentences
    assert "It is known to within 0.4." in sentence
    summary = json.loads((tmp_path / "after" / "summary.json").read_text("utf-8"))
    parts = [each["visible_defects"] for each in (summary, *summary["samples"])]
    assert [each["half_width_wanted"] for each in parts] == [0.4] * 3
    assert summary["visible_defects"]["outlook"] == "It is known to within 0.4."
    page = tmp_path / "report.html"
    write_report(drawn, page)
    assert "It is known to within 0.4." in page.read_text("utf-8")


def test_the_report_says_why_a_rate_of_a_class_has_no_interval(drawn, tmp_path):
    (found,) = audits(drawn.audits.labels())
    assert found.accuracy.interval_95 is not None
    rate = found.recall["null"]
    assert rate.value is not None
    assert rate.interval_95 is None
    page = tmp_path / "report.html"
    write_report(drawn, page)
    why = "A share without an interval is of particles in fewer than 5 micrographs"
    assert page.read_text("utf-8").count(why) == 1


def test_an_export_tells_its_progress_and_writes_what_was_judged(told, tmp_path):
    shares: list[float] = []
    out = export(told, tmp_path / "out", progress=shares.append)
    assert shares == [0, 0.5]
    assert out.problems == ()
    written = {each.name for each in (tmp_path / "out").rglob("*.txt")}
    assert {"m1.txt", "m2.txt"} <= written
    assert "m10.txt" not in written
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert summary["micrographs"] == 2
    assert summary["include_predictions"] is False
    table = (tmp_path / "out" / "particles.csv").read_text("utf-8").splitlines()
    assert len(table) == 1 + 3
    more = export(told, tmp_path / "more", include_predictions=True)
    table = (tmp_path / "more" / "particles.csv").read_text("utf-8").splitlines()
    assert len(table) == 1 + 4
    assert more.sentences[-1] != ""
    labels = (tmp_path / "out" / "labels.csv").read_text("utf-8").splitlines()
    assert len(labels) == 1 + 5


def test_drawing_that_is_stopped_leaves_all_tables(told, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(population, "write_figures", stopped)
    with pytest.raises(KeyboardInterrupt):
        export(told, tmp_path / "out")
    written = {each.name for each in (tmp_path / "out").iterdir() if each.is_file()}
    assert {"particles.csv", "micrographs.csv", "labels.csv", "summary.json"} <= written


def test_a_report_tells_its_progress_and_shows_a_picture_of_each(told, tmp_path):
    shares: list[float] = []
    file = tmp_path / "new" / "report.html"
    said = write_report(told, file, shares.append)
    assert said.splitlines()[-1] == f"The report is {file}"
    assert shares == pytest.approx([0.3, 0.6, 0.6, 0.8, 1.0])
    page = file.read_text("utf-8")
    # Ada's empty one, and of the others the latest label: yes and null; and what the
    # forest alone says of the fourth.
    assert len(re.findall(r"<img[^>]*data:image/png", page)) == 4
    with pytest.raises(CdseError):
        write_report(told, tmp_path)


def test_a_micrograph_that_is_gone_has_no_picture_in_the_report(told, tmp_path):
    told.micrographs.entries[1].path.unlink()
    file = tmp_path / "report.html"
    write_report(told, file)
    assert len(re.findall(r"<img[^>]*data:image/png", file.read_text("utf-8"))) == 2


def test_circles_of_another_pixel_size_are_told_by_name(project, tmp_path):
    for index in range(3):
        hand_over(project, index)
        put_circles(project, [A], index)
    assert export(project, tmp_path / "before").notices == ()
    project.micrographs.set_pixel_size(0.05, [0, 2])
    told = "Circles and classes are those of another pixel size than is set now in "
    names = "m1, m10"
    (notice,) = export(project, tmp_path / "after").notices
    assert notice.startswith(f"{told}{names}; detect again")
    summary = json.loads((tmp_path / "after" / "summary.json").read_text("utf-8"))
    assert summary["searched_at_another_pixel_size"] == ["m1", "m10"]
    page = tmp_path / "report.html"
    assert write_report(project, page).startswith(notice)
    assert f"those of the one before: {names}." in page.read_text("utf-8")
    project.micrographs.set_pixel_size(0.05, [1])
    (notice,) = export(project, tmp_path / "all").notices
    assert "m1, m2, m10; " in notice
    project.exclusions.set_all_excluded([0, 1, 2], "blurred")
    assert export(project, tmp_path / "none").notices == ()
