"""Everything is readable on a screen of 1366 by 768."""

from __future__ import annotations

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QComboBox, QDockWidget, QLabel, QPushButton, QTabBar

from napari_cdse.gui.app import window
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.dock_sight import dock_of
from tests.gui.conftest import SIGNAL_MS, settle
from tests.gui.retrain.outcomes import flip, outcome, scores
from tests.gui.showing import astray, in_sight, over_each_other, retrained

SCREEN = (1366, 768)


def clipped(widget) -> list[str]:
    """Texts of a dock that are cut off, or lie outside it."""
    found = []
    for one in widget.findChildren((QPushButton, QLabel)):
        if not one.isVisible() or not one.text():
            continue
        needs = one.fontMetrics().horizontalAdvance(one.text())
        wraps = isinstance(one, QLabel) and one.wordWrap()
        if not wraps and needs > one.width():
            found.append(one.text())
    for one in widget.findChildren(QComboBox):
        if one.isVisible() and one.width() < one.minimumSizeHint().width():
            found.append(one.currentText())
    return found


def fits(widget) -> bool:
    least = widget.minimumSizeHint()
    return widget.width() >= least.width() and widget.height() >= least.height()


def test_no_dock_is_cut_off_or_makes_the_window_grow(workspace, qtbot):
    viewer = workspace.viewer
    main = main_window(viewer)
    main.resize(*SCREEN)
    workspace.navigation.go_on()
    for name in (*window.NAMES, "Annotators", "Population", "Spectrum"):
        dock = window.add_dock(viewer, name)
        if hasattr(dock.view, "parameters"):
            dock.view.parameters.expand(animate=False)
        qtbot.waitUntil(lambda at=dock: fits(at), timeout=SIGNAL_MS)
        assert main.minimumSizeHint().width() <= SCREEN[0], name
        assert main.minimumSizeHint().height() <= SCREEN[1], name
        assert clipped(dock) == [], name
        assert astray(dock) == [], name
        assert over_each_other(dock) == [], name
        assert (main.width(), main.height()) == SCREEN, name


def test_columns_of_quality_leave_the_names_and_fit_on_the_screen(workspace, qtbot):
    main = main_window(workspace.viewer)
    main.resize(*SCREEN)
    dock = window.add_dock(workspace.viewer, "Micrographs")
    table = dock.view.table
    before = table.columnWidth(0)
    qtbot.mouseClick(dock.view.qualities, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: fits(dock), timeout=SIGNAL_MS)
    assert main.rect().contains(dock.rect().translated(dock.mapTo(main, QPoint())))
    assert clipped(dock) == []
    name = table.model().index(0, 0).data()
    assert table.columnWidth(0) >= table.fontMetrics().horizontalAdvance(name)
    columns = table.horizontalScrollBar()
    qtbot.waitUntil(lambda: columns.maximum() > 0, timeout=SIGNAL_MS)
    qtbot.mouseClick(dock.view.qualities, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: table.columnWidth(0) == before, timeout=SIGNAL_MS)


def cut_names(main) -> list[str]:
    """Names of docks whose tab is narrower than where there is room for all of it."""
    roomy = QTabBar(main)
    roomy.setElideMode(Qt.TextElideMode.ElideNone)
    roomy.setExpanding(False)
    roomy.resize(10 * main.width(), 40)
    cut = []
    for bar in main.findChildren(QTabBar):
        for at in range(bar.count()):
            name = bar.tabText(at)
            needed = roomy.tabRect(roomy.addTab(name)).width()
            if bar.tabRect(at).width() < needed:
                cut.append(name)
    roomy.setParent(None)
    return cut


def test_the_names_of_all_docks_are_whole_and_the_one_in_front_is_in_sight(
    workspace, qtbot
):
    main = main_window(workspace.viewer)
    main.resize(*SCREEN)
    docks = {
        name: dock_of(window.add_dock(workspace.viewer, name))
        for name in window.ALL_NAMES
    }
    shared = [dock for name, dock in docks.items() if name != "Particle"]

    def whole() -> None:
        [bar] = [each for each in main.findChildren(QTabBar) if each.count()]
        assert bar.count() == len(shared) == 7
        assert cut_names(main) == []
        assert bar.rect().contains(bar.tabRect(bar.currentIndex()))

    qtbot.waitUntil(whole, timeout=SIGNAL_MS)
    # By hand, two are put on top of each other elsewhere, where there is less room.
    narrow = docks["Population"], docks["Annotators"], docks["Endmembers"]
    for dock in narrow:
        main.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    for dock in narrow[1:]:
        main.tabifyDockWidget(narrow[0], dock)
    main.resizeDocks([narrow[0]], [120], Qt.Orientation.Horizontal)

    def whole_there_too() -> None:
        bars = [each.count() for each in main.findChildren(QTabBar) if each.count()]
        assert sorted(bars) == [3, 4]
        assert cut_names(main) == []

    qtbot.waitUntil(whole_there_too, timeout=SIGNAL_MS)


def test_what_a_label_needs_is_in_sight_without_scrolling(workspace, qtbot):
    viewer = workspace.viewer
    main_window(viewer).resize(*SCREEN)
    workspace.navigation.go_on()
    card = window.add_dock(viewer, "Particle").view.card
    micrographs = window.add_dock(viewer, "Micrographs").view
    # The longest that stands there often.
    micrographs.problem.setText(" ".join(["like nothing that it learnt from"] * 4))
    micrographs.problem.show()
    pictures = card.pictures
    views = (pictures.crop, pictures.spectrum, pictures.phase, pictures.other)
    needed = (*views, card.words, card.bars, *pictures.switch.buttons())

    def all_in_sight() -> None:
        assert [type(one).__name__ for one in needed if not in_sight(one)] == []
        assert min(min(one.width(), one.height()) for one in views) >= 92

    qtbot.waitUntil(all_in_sight, timeout=SIGNAL_MS)
    assert len({one.y() for one in views}) == 1
    # What is written gets the room beside the button.
    assert card.region.width() <= card.region.sizeHint().width() + 1
    assert card.note.width() > card.region.width()


def test_the_fraction_is_in_sight_below_a_message_too(workspace, qtbot):
    main = main_window(workspace.viewer)
    main.resize(*SCREEN)
    workspace.navigation.go_on()
    window.add_dock(workspace.viewer, "Micrographs")
    particle = window.add_dock(workspace.viewer, "Particle")
    says = particle.view.fraction.words
    # As low as it may be, and not by anybody's hand.
    main.resizeDocks([dock_of(particle)], [1], Qt.Orientation.Vertical)
    workspace.session.warn("Something that stands there until it is closed.")
    says.setText("A sentence on the fraction. " * 5)
    qtbot.waitUntil(lambda: in_sight(says), timeout=SIGNAL_MS)
    assert says.height() > 2 * says.fontMetrics().lineSpacing()
    assert workspace.message_bar.isVisible()
    assert (main.width(), main.height()) == SCREEN


def test_the_table_takes_what_the_pictures_leave(workspace, qtbot):
    main = main_window(workspace.viewer)
    workspace.navigation.go_on()
    card = window.add_dock(workspace.viewer, "Particle").view.card

    def height_at(width: int, height: int) -> int:
        main.resize(width, height)
        qtbot.waitUntil(lambda: main.width() == width, timeout=SIGNAL_MS)
        settle(workspace, qtbot)
        return card.peaks.height()

    assert height_at(*SCREEN) == card.peaks.minimumHeight() < height_at(1600, 1000)


def test_pictures_stand_two_by_two_where_there_is_room(workspace, qtbot):
    main_window(workspace.viewer).resize(1600, 1400)
    pictures = window.add_dock(workspace.viewer, "Particle").view.card.pictures
    views = (pictures.crop, pictures.spectrum, pictures.phase, pictures.other)
    dock = pictures.parentWidget()
    while not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    main = main_window(workspace.viewer)
    main.resizeDocks([dock], [900], Qt.Orientation.Vertical)
    qtbot.waitUntil(lambda: len({one.y() for one in views}) == 2, timeout=SIGNAL_MS)
    # Close together, within less than a line of text, however much room there is.
    apart = pictures.phase.y() - pictures.crop.y()
    assert apart < pictures.crop.width() + pictures.fontMetrics().lineSpacing()


def test_the_decision_on_a_new_forest_is_in_sight_without_scrolling(labelled, qtbot):
    workspace = labelled
    main_window(workspace.viewer).resize(*SCREEN)
    dock = retrained(workspace, qtbot)
    window.add_dock(workspace.viewer, "Retrain")
    view = dock.comparison
    flips = [flip(f"p{at}", "yes", "no") for at in range(12)]
    view.show_outcome(outcome(scores(0.7), scores(0.8), flips, 40))
    needed = (
        view.headline,
        dock.decision.compare,
        dock.decision.use_new,
        dock.decision.keep_old,
    )

    def all_in_sight() -> None:
        assert "0.70 \u2192 0.80" in view.headline.text()
        assert [one.text() for one in needed if not in_sight(one)] == []
        assert clipped(dock) == []

    qtbot.waitUntil(all_in_sight, timeout=SIGNAL_MS)
    assert dock.preparation.isHidden()
    dock.decision.keep_old.click()
    assert dock.preparation.isVisible()


def test_the_comparison_of_forests_needs_no_larger_screen(labelled, qtbot):
    main_window(labelled.viewer).resize(*SCREEN)
    dock = retrained(labelled, qtbot)
    qtbot.mouseClick(dock.decision.compare, Qt.MouseButton.LeftButton)
    compared = dock.comparison_window
    compared.resize(*SCREEN)
    compared.show_outcome(outcome(scores(0.7), scores(0.8), (), 40))
    buttons = (compared.use, compared.both, compared.keep)
    shown = (
        compared.headline,
        compared.figures.old_confusion,
        compared.figures.scores,
        *buttons,
    )

    def all_in_sight() -> None:
        assert [type(one).__name__ for one in shown if not in_sight(one)] == []
        assert clipped(compared) == []

    qtbot.waitUntil(all_in_sight, timeout=SIGNAL_MS)
    least = compared.minimumSizeHint()
    assert least.boundedTo(compared.size()) == least
