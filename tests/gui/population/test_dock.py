"""The number and its figures in a real window."""

from __future__ import annotations

import re
from html import escape

import pytest
from matplotlib.colors import to_hex
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QApplication

from napari_cdse.core.statistics.visible_defects import VisibleDefects
from napari_cdse.gui.app import window
from napari_cdse.gui.population import figure_panel, report_button
from napari_cdse.gui.widgets.figure_view import palette_of
from napari_cdse.project.defect_content import content_of, visibility_table
from tests.gui.conftest import (
    SIGNAL_MS,
    particle_ids,
    point,
    press,
    settle,
    standing,
)
from tests.gui.showing import docks, in_sight, make_roomy, rows


@pytest.fixture
def dock(labelled, viewer, qtbot):
    view = window.add_dock(viewer, "Population").view
    qtbot.waitUntil(lambda: view._population is not None, timeout=SIGNAL_MS)
    up_to_date(view, qtbot)
    return view


def up_to_date(view, qtbot) -> None:
    """Wait until the dock shows what was said last, drawn."""
    qtbot.waitUntil(lambda: view.idle, timeout=SIGNAL_MS)
    view.figures.view.canvas.draw()


def choose(view, name: str) -> None:
    row = view.figures.choice.findText(name)
    view.figures.choice.setCurrentIndex(row)
    view.figures.choice.activated.emit(row)
    view.figures.view.canvas.draw()


def titles(view) -> list[str]:
    return [axes.get_title(loc="left") for axes in view.figures.view.figure.axes]


def test_it_reads_from_top_to_bottom(dock, workspace, viewer, qtbot):
    make_roomy(dock, viewer)
    qtbot.waitUntil(lambda: in_sight(dock.contents), timeout=SIGNAL_MS)
    told = workspace.project.statistics.visible_defects()
    figure = ["FigureCanvasQTAgg"]
    assert [row for row in rows(dock) if row != [""]] == [
        ["Samples\u2026"],
        [told.sentence],
        ["By micrograph", "Enlarge"],
        figure,
        ["Pixel size known to within", "\u00b1 0 %"],
        ["Defect content", "Not estimated"],
        ["Report\u2026"],
    ]
    error = dock.pixel_size_error
    assert (error.minimum(), error.singleStep()) == (0, 0.5)
    offered = [
        dock.figures.choice.itemText(at) for at in range(dock.figures.choice.count())
    ]
    assert offered == [
        "By micrograph", "Classes", "Sizes", "Fraction by size", "As labels came",
        "By sample",
    ]  # fmt: skip


def test_the_sentence_is_that_of_the_project(dock, workspace):
    told = workspace.project.statistics.visible_defects()
    assert dock.number.text() == told.sentence
    assert dock.outlook.text() == told.outlook


def test_the_width_that_the_person_sets_is_the_one_that_is_told(
    dock, workspace, qtbot, monkeypatch
):
    # Three micrographs are too few for a width; what is said of it is tried elsewhere.
    monkeypatch.setattr(
        VisibleDefects, "outlook_to", lambda _self, width: f"To within {width:g}."
    )
    dock.refresh()
    up_to_date(dock, qtbot)
    assert dock.outlook.text() == "To within 0.05."
    line = docks(workspace.viewer)["Particle"].fraction
    window.add_dock(workspace.viewer, "Population")
    line.width_wanted.setFocus()
    line.width_wanted.selectAll()
    qtbot.keyClicks(line.width_wanted, "0.2")
    qtbot.keyClick(line.width_wanted, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dock.outlook.text() == "To within 0.2.", timeout=SIGNAL_MS)


def test_what_a_project_for_looking_does_not_keep_is_not_shown(dock, labelled, qtbot):
    labelled.project._store._database.read_only = True
    field = dock.pixel_size_error
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "2")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert any("may not be written" in one for one in standing(labelled))
    assert (field.value(), labelled.project.settings.pixel_size_error) == (0, 0)
    dock.contents.setCurrentIndex(1)
    dock.contents.activated.emit(1)
    assert (dock.contents.currentIndex(), labelled.project.settings.visibility) == (
        0,
        "",
    )


def test_each_line_of_the_list_has_its_figure(dock):
    seen = []
    for row in range(dock.figures.choice.count()):
        choose(dock, dock.figures.choice.itemText(row))
        seen.append(titles(dock)[0])
    assert [title.split("(")[0].strip() for title in seen[:2]] == [
        "Fraction by micrograph",
        "Labelled circles by class",
    ]
    assert len(set(seen)) == 6


def test_samples_are_looked_at_one_by_one_and_beside_each_other(dock, workspace, qtbot):
    assert dock.sample.isHidden()
    workspace.project.micrographs.set_samples({0: "aged", 1: "aged", 2: "fresh"})
    settle(workspace, qtbot)
    up_to_date(dock, qtbot)
    items = [dock.sample.itemText(row) for row in range(dock.sample.count())]
    assert items == ["All micrographs", "aged", "fresh"]
    everything = dock.number.text()
    assert dock.compared.text().startswith("Visible defects in aged less fresh: ")
    choose(dock, "By sample")
    (axes,) = dock.figures.view.figure.axes
    words = [each.get_text().partition("\n")[0] for each in axes.get_xticklabels()]
    assert words == ["aged", "fresh"]
    dock.sample.setCurrentIndex(1)
    dock.sample.activated.emit(1)
    up_to_date(dock, qtbot)
    told = dock._population.samples[0].defects
    assert dock.number.text() == f"aged: {told.sentence}" != everything
    choose(dock, "By micrograph")
    assert titles(dock)[0].startswith("Fraction by micrograph (n = 2")
    # A sample that is gone gives way to all.
    workspace.project.micrographs.set_samples({0: None, 1: None})
    settle(workspace, qtbot)
    up_to_date(dock, qtbot)
    assert dock.sample.currentText() == "All micrographs"
    assert dock.number.text() == everything


def test_a_sample_named_in_odd_signs_is_offered_plain_and_looked_at(
    dock, workspace, qtbot
):
    workspace.project.micrographs.set_samples({0: "aged\u202eonce", 1: "fresh"})
    settle(workspace, qtbot)
    up_to_date(dock, qtbot)
    assert "\u202e" not in dock.sample.itemText(1)
    assert dock.sample.itemText(1).startswith("aged")
    dock.sample.setCurrentIndex(1)
    dock.sample.activated.emit(1)
    up_to_date(dock, qtbot)
    assert dock._population.sample == "aged\u202eonce"
    assert dock.number.text().partition(":")[0].startswith("aged")


def test_who_judges_blind_sees_no_samples(dock, workspace, qtbot):
    workspace.project.micrographs.set_samples({0: "aged", 1: "fresh"})
    settle(workspace, qtbot)
    up_to_date(dock, qtbot)
    choose(dock, "By sample")
    workspace.project.annotators.hide_others = True
    settle(workspace, qtbot)
    up_to_date(dock, qtbot)
    assert dock.sample.isHidden()
    assert dock.compared.isHidden()
    assert titles(dock) == ["Fraction by sample: no sample to show"]
    workspace.samples.ask()
    assert workspace.samples.dialog is None


def test_what_the_pixel_size_is_off_by_stands_beside_the_sizes(dock, workspace, qtbot):
    project = workspace.project
    for index in range(3):
        project.selection.open(index)
        project.micrographs.set_pixel_size(0.04)
    dock.pixel_size_error.setValue(2.5)
    up_to_date(dock, qtbot)
    assert project.settings.pixel_size_error == pytest.approx(0.025)
    every = next(
        each for each in dock._population.sizes.summaries if each.label == "all"
    )
    assert every.mean_systematic == pytest.approx(0.025 * every.mean)


def test_a_click_on_a_dot_opens_its_micrograph(dock, workspace, qtbot):
    choose(dock, "By micrograph")
    assert workspace.project.selection.index == 2
    (axes,) = dock.figures.view.figure.axes
    canvas = dock.figures.view.canvas
    for wanted in (0, 1):
        x, y = axes.transData.transform((wanted, 0.5))
        ratio = canvas.device_pixel_ratio
        place = canvas.rect().bottomLeft()
        place.setX(round(x / ratio))
        place.setY(round(canvas.height() - y / ratio))
        point(canvas, place)
        one = dock._population.overview.micrographs[wanted]
        assert canvas.toolTip() == (
            f"{one.name}: 5 circles, 5 judged, fraction {one.fraction:.2f}"
        )
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
        settle(workspace, qtbot)
        assert workspace.project.selection.index == wanted
    # Elsewhere a click means nothing, nor has anything a name.
    choose(dock, "Classes")
    point(canvas, canvas.rect().center())
    assert canvas.toolTip() == ""
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    assert workspace.project.selection.index == 1


def test_letters_after_a_click_still_belong_to_the_particles(dock, workspace, qtbot):
    qtbot.mouseClick(dock.figures.view.canvas, Qt.MouseButton.LeftButton)
    first, *_ = particle_ids(workspace)
    workspace.navigation.go_to(first)
    settle(workspace, qtbot)
    press(workspace, qtbot, Qt.Key.Key_O)
    settle(workspace, qtbot)
    up_to_date(dock, qtbot)
    assert workspace.project.particles.get(first).label == "empty"
    choose(dock, "Classes")
    assert "4" in [one.get_text() for one in dock.figures.view.figure.axes[0].texts]


def test_the_figure_follows_the_theme(dock, viewer):
    choose(dock, "Classes")
    for theme in ("light", "dark"):
        viewer.theme = theme
        bars = dock.figures.view.figure.axes[0].patches
        assert to_hex(bars[0].get_facecolor()) == palette_of(theme).classes["yes"]
        paper = sum(dock.figures.view.figure.get_facecolor()[:3])
        assert (paper > 1.5) == (theme == "light")


def test_the_report_is_written_by_the_button(
    dock, workspace, qtbot, monkeypatch, tmp_path
):
    file = tmp_path / "page.html"
    monkeypatch.setattr(report_button, "ask_report", lambda *_: file)
    job = None
    with qtbot.waitSignal(workspace.session.runner.changed):
        job = dock.report.ask()
    qtbot.waitUntil(lambda: not job.running, timeout=SIGNAL_MS)
    qtbot.waitUntil(lambda: bool(standing(workspace)), timeout=SIGNAL_MS)
    assert standing(workspace) == [f"The report is {file}"]
    assert escape(dock.number.text()) in file.read_text()
    monkeypatch.setattr(report_button, "ask_report", lambda *_: None)
    assert dock.report.ask() is None


def test_behind_another_tab_nothing_is_worked_out_until_it_comes_back(
    dock, viewer, workspace, qtbot
):
    before = dock.number.text()
    window.add_dock(viewer, "Micrographs")
    qtbot.waitUntil(lambda: not dock.sight.here, timeout=SIGNAL_MS)
    workspace.project.edits.label(particle_ids(workspace)[:2], "empty")
    settle(workspace, qtbot)
    assert dock.idle
    assert dock.number.text() == before
    window.add_dock(viewer, "Population")
    qtbot.waitUntil(lambda: dock.sight.here and dock.idle, timeout=SIGNAL_MS)
    told = workspace.project.statistics.visible_defects().sentence
    assert dock.number.text() == told != before


def test_the_defect_content_is_told_only_where_chosen(dock, workspace, qtbot):
    assert dock.content.text() == ""
    row = dock.contents.findText("As simulated: standard")
    dock.contents.setCurrentIndex(row)
    dock.contents.activated.emit(row)
    up_to_date(dock, qtbot)
    project = workspace.project
    assert project.settings.visibility == "standard"
    found = content_of(project, visibility_table(project, None))
    told = dock.content.text()
    assert told.startswith(found.sentence)
    assert all(each in told for each in found.assumptions)
    dock.contents.setCurrentIndex(0)
    dock.contents.activated.emit(0)
    up_to_date(dock, qtbot)
    assert dock.content.text() == ""


def test_a_visibility_table_of_ones_own_is_in_the_list_while_it_is_used(
    dock, workspace
):
    settings, contents = workspace.project.settings, dock.contents
    shipped = contents.count()
    for _ in range(2):
        settings.visibility = "/data/my microscope.csv"
        dock.show_project()
        assert contents.count() == shipped + 1
        assert contents.currentText() == "my microscope.csv"
        assert contents.currentData() == "/data/my microscope.csv"
        settings.visibility = ""
        dock.show_project()
        assert (contents.count(), contents.currentIndex()) == (shipped, 0)


def doubly_clicked(view, qtbot) -> None:
    qtbot.mouseDClick(view.figures.view.canvas, Qt.MouseButton.LeftButton)


def test_a_double_click_shows_the_figure_in_a_window_that_follows(
    dock, workspace, viewer, qtbot
):
    doubly_clicked(dock, qtbot)
    large = dock.figures.figure_window
    assert large.isVisible()
    assert large.figure.width() > dock.figures.view.width()

    def title() -> str:
        large.figure.canvas.draw()
        # In one line: it is broken where the figure ends.
        return " ".join(large.figure.figure.axes[0].get_title(loc="left").split())

    def wanted() -> str:
        dock.figures.view.canvas.draw()
        return " ".join(titles(dock)[0].split())

    assert title() == wanted()
    choose(dock, "Sizes")
    assert large.figures.currentText() == "Sizes"
    assert title() == wanted()
    qtbot.keyClick(large.figures, Qt.Key.Key_Up)
    assert dock.figures.choice.currentText() == "Classes"
    assert title() == wanted()
    (first, *_) = particle_ids(workspace)
    workspace.navigation.go_to(first)
    press(workspace, qtbot, Qt.Key.Key_U)
    settle(workspace, qtbot)
    up_to_date(dock, qtbot)
    assert title() == wanted()
    viewer.theme = "light"
    assert to_hex(large.figure.figure.get_facecolor()) == palette_of("light").paper
    large.close()
    # Not drawn while nobody sees it, and up to date when it comes again.
    choose(dock, "Sizes")
    assert large.figures.currentText() == "Classes"
    qtbot.mouseClick(dock.figures.enlarge, Qt.MouseButton.LeftButton)
    assert dock.figures.figure_window is large
    assert title() == wanted()


@pytest.mark.parametrize(
    ("name", "begins"), [("a.png", b"\x89PNG"), ("b.svg", b"<?xml"), ("c.PDF", b"%PDF")]
)
def test_a_figure_is_saved_as_its_name_says(
    dock, workspace, qtbot, tmp_path, monkeypatch, name, begins
):
    file = tmp_path / name
    monkeypatch.setattr(figure_panel, "ask_figure", lambda *_: file)
    qtbot.mouseClick(dock.figures.enlarge, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dock.figures.figure_window.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(standing(workspace)), timeout=SIGNAL_MS)
    assert file.read_bytes().startswith(begins)
    (said,) = standing(workspace)
    assert str(file) in said


def test_a_figure_of_no_known_kind_is_refused_and_nothing_written(
    dock, workspace, qtbot, tmp_path, monkeypatch
):
    file = tmp_path / "figure.docx"
    monkeypatch.setattr(figure_panel, "ask_figure", lambda *_: file)
    qtbot.mouseClick(dock.figures.enlarge, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dock.figures.figure_window.save, Qt.MouseButton.LeftButton)
    messages = workspace.message_bar
    qtbot.waitUntil(lambda: bool(messages.sentences), timeout=SIGNAL_MS)
    assert "figure.docx is no figure's name" in messages.sentences[0]
    assert not file.exists()
    monkeypatch.setattr(figure_panel, "ask_figure", lambda *_: None)
    assert dock.figures.save() is None


def test_a_picture_is_not_laid_among_the_micrographs(
    dock, workspace, qtbot, monkeypatch
):
    """It would be one of them when the folder is opened again."""
    folder = workspace.project.micrographs.entries[0].path.parent
    for name, refused in (("sizes.PNG", True), ("sizes.svg", False)):
        file = folder / name
        monkeypatch.setattr(figure_panel, "ask_figure", lambda *_, f=file: f)
        job = dock.figures.save()
        assert (job is None) == refused
    qtbot.waitUntil((folder / "sizes.svg").exists, timeout=SIGNAL_MS)
    assert not (folder / "sizes.PNG").exists()
    told = workspace.message_bar.sentences[0]
    assert "sizes.PNG would be taken for one" in told


def test_the_window_of_a_figure_goes_with_its_project(dock, workspace, folder, qtbot):
    qtbot.mouseClick(dock.figures.enlarge, Qt.MouseButton.LeftButton)
    assert dock.figures.figure_window.isVisible()
    workspace.open_project(folder)
    assert not dock.figures.figure_window.isVisible()


def test_each_figure_has_a_height_of_its_own(dock, qtbot, tmp_path, monkeypatch):
    heights = []
    for row in range(dock.figures.choice.count()):
        dock.figures.choice.setCurrentIndex(row)
        file = tmp_path / f"{row}.svg"
        monkeypatch.setattr(figure_panel, "ask_figure", lambda *_, f=file: f)
        assert dock.figures.save() is not None
        qtbot.waitUntil(file.exists, timeout=SIGNAL_MS)
        found = re.search(r'height="([\d.]+)pt"', file.read_text("utf-8"))
        heights.append(float(found[1]) / 72)
    assert heights == pytest.approx([2.9, 4.0, 5.2, 2.9, 2.9, 2.9], abs=0.01)


def test_the_picture_is_copied_as_it_looks(dock, qtbot):
    qtbot.mouseClick(dock.figures.enlarge, Qt.MouseButton.LeftButton)
    dock.figures.figure_window.figure.canvas.draw()
    qtbot.mouseClick(dock.figures.figure_window.copy, Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().image()
    assert copied.size() == dock.figures.figure_window.figure.canvas.size()
    paper = QColor(palette_of("dark").paper)
    assert copied.pixelColor(1, 1) == paper
