"""Old and new forest in a window: the changed particles, by real clicks and keys."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QImage

from napari_cdse.core.records import Annotation, Circle
from napari_cdse.gui.retrain.changed_pairs import changed_pairs
from napari_cdse.gui.retrain.pairs_view import PairsModel, PairsView
from napari_cdse.gui.thumbnails.cell_painter import CellPainter
from napari_cdse.project import Particle
from tests.gui.conftest import SIGNAL_MS, particle_ids, settle, wait_for_pixels
from tests.gui.retrain.outcomes import NAN, flip, outcome, scores
from tests.gui.showing import astray, over_each_other, retrained

LEFT = Qt.MouseButton.LeftButton
MANY = 4000


def project_of(particles, micrograph_of=lambda _one: 0):
    """What the pairs ask of a project."""
    known = {one.id: one for one in particles}
    entry = SimpleNamespace(
        index=0, path=SimpleNamespace(stem="dots"), pixel_size_nm=None
    )
    return SimpleNamespace(
        particles=SimpleNamespace(find=known.get, micrograph_of=micrograph_of),
        micrographs=SimpleNamespace(entries=[entry]),
        audits=SimpleNamespace(hides=lambda _one: False),
    )


def particle(particle_id, label=None):
    circle = Circle(10.0, 10.0, 5.0)
    said = Annotation("a", particle_id, "m", circle, label, "confirmed", "me", "")
    return Particle(particle_id, circle, None if label is None else said)


def test_pairs_tell_both_forests_and_what_the_person_says_now():
    flips = [flip("p1", "yes", "no"), flip("p2", "yes", "no", "no")]
    # The second was judged otherwise since; the third is gone.
    flips.append(flip("p3", "no", "null"))
    told = changed_pairs(project_of([particle("p1"), particle("p2", "yes")]), flips)
    assert [one.sentence for one in told.groups] == [
        "yes \u2192 no, 2, 1 of them against your label"
    ]
    assert [(one.item.id, one.label_words) for one in told.pairs] == [
        ("p2", "\u2260 you: yes"),
        ("p1", "not judged"),
    ]
    pair = told.pairs[0]
    both = pair.before, pair.after
    assert [(one.name, one.confidence) for one in both] == [("yes", 0.7), ("no", 0.7)]
    assert not any(one.by_person for one in both)
    assert "new: yes 0.10, no 0.70, null 0.10, empty 0.10" in pair.words
    assert pair.words.startswith("dots\n")


def test_thousands_of_pairs_cost_what_is_in_sight(qtbot, monkeypatch):
    asked, drawn = [], []

    def picture(item):
        asked.append(item.id)
        return QImage(8, 8, QImage.Format.Format_Grayscale8)

    draw = CellPainter.draw
    monkeypatch.setattr(
        CellPainter, "draw", lambda *args, **kw: (drawn.append(1), draw(*args, **kw))
    )
    ids = [f"p{n}" for n in range(MANY)]
    model = PairsModel()
    view = PairsView(model, picture, lambda _item: False)
    qtbot.addWidget(view)
    project = project_of([particle(one) for one in ids])
    model.show(changed_pairs(project, [flip(one, "yes", "no") for one in ids]))
    view.resize(900, 600)
    view.show()
    asked.clear()
    drawn.clear()
    view.viewport().grab()
    seen = view.rows_in_view()
    assert 0 < len(seen) < 40
    assert set(asked) == {model.pairs[row].item.id for row in seen}
    assert len(drawn) == 2 * len(seen)
    view.choose(0)
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.currentIndex().row() == MANY - 1
    assert MANY - 1 in view.rows_in_view()


@pytest.fixture
def compared(labelled, qtbot):
    """The window, with changes made by hand on particles that are there."""
    dock = retrained(labelled, qtbot)
    ids = particle_ids(labelled)
    others = [one.id for one in labelled.project.particles.of(0)]
    flips = [
        flip(ids[0], "no", "yes"),
        flip(ids[1], "no", "yes"),
        flip(others[2], "null", "empty"),
    ]
    shown = outcome(scores(0.7), scores(0.8), flips, 15)
    qtbot.mouseClick(dock.decision.compare, LEFT)
    window = dock.comparison_window
    qtbot.waitUntil(window.isVisible, timeout=SIGNAL_MS)
    window.resize(1200, 700)
    window.show_outcome(shown)
    return SimpleNamespace(
        window=window, dock=dock, workspace=labelled, flips=flips, outcome=shown
    )


def current(window):
    return window.model.pairs[window.pairs.currentIndex().row()].item.id


def test_the_window_shows_the_outcome_and_goes_to_a_particle_and_back(compared, qtbot):
    window, workspace = compared.window, compared.workspace
    project = workspace.project
    assert window.headline.text().startswith("No difference that these micrographs")
    assert window.figures.old_confusion.counts == window.figures.new_confusion.counts
    assert "old 0.70 (0.50 to 0.90), new 0.80" in window.figures.accuracies.text()
    assert window.changes.text() == "3 of 15 particles would change class."
    # Labels of now: those that the new forest contradicts come first.
    wanted = {one.particle_id for one in compared.flips}
    ids = [one.item.id for one in window.model.pairs]
    assert set(ids) == wanted
    against = [one.verdict.contradicts for one in window.model.pairs]
    first = window.model.sections[0][1]
    assert against[:first] == sorted(against[:first], reverse=True)
    assert any(against)

    def pictured() -> None:
        for pair in window.model.pairs:
            assert window.thumbnails.picture(pair.before) is not None

    qtbot.waitUntil(pictured, timeout=SIGNAL_MS)
    assert current(window) == ids[0]
    qtbot.keyClick(window.pairs, Qt.Key.Key_Right)
    assert current(window) == ids[1]
    qtbot.keyClick(window.pairs, Qt.Key.Key_Return)
    wait_for_pixels(workspace, qtbot)
    assert project.selection.particle_id == ids[1]
    # It lay over the micrograph, and says how to come back.
    assert not window.isVisible()
    (message,) = [m for m in workspace.session.messages.shown if m.act is not None]
    assert message.remedy == "Back to the comparison"
    project.edits.label([ids[1]], "yes")
    settle(workspace, qtbot)
    message.act()
    qtbot.waitUntil(window.isVisible, timeout=SIGNAL_MS)
    assert current(window) == ids[1]
    row = window.pairs.currentIndex().row()
    assert window.model.pairs[row].verdict.judged == "yes"
    assert message not in workspace.session.messages.shown
    # A click does the same.
    place = window.pairs.visualRect(window.model.index(0)).center()
    aim = window.model.pairs[0].item.id
    qtbot.mouseClick(window.pairs.viewport(), LEFT, pos=place)
    wait_for_pixels(workspace, qtbot)
    assert project.selection.particle_id == aim


def test_closing_decides_nothing_and_the_buttons_decide(labelled, qtbot, forest):
    workspace, models = labelled, labelled.project.models
    dock = retrained(workspace, qtbot)
    new = workspace.training.outcome.model.card.id
    qtbot.mouseClick(dock.decision.compare, LEFT)
    window = dock.comparison_window
    shown = workspace.training.outcome
    assert [one.item.id for one in window.model.pairs]
    assert {one.item.id for one in window.model.pairs} == {
        one.particle_id for one in shown.flips
    }
    assert window.figures.isHidden() == (shown.scores.note is not None)
    # It opens large, and leaves something of the screen.
    screen = window.screen().availableGeometry().size()
    share = QSize(round(0.9 * screen.width()), round(0.9 * screen.height()))
    assert window.size() == QSize(1500, 900).boundedTo(share)
    assert window.windowTitle() == "Old and new forest"
    assert (astray(window), over_each_other(window)) == ([], [])
    assert "Classify everything anew" in window.use.toolTip()
    assert "Leave the old one in use" in window.both.toolTip()
    assert "nothing changes" in window.keep.toolTip()
    buttons = (window.use, window.both, window.keep)
    assert not any(one.autoDefault() for one in buttons)
    # What is said beside them gets the room.
    assert all(one.width() <= one.sizeHint().width() + 1 for one in buttons)
    assert window.closing.width() > max(one.width() for one in buttons)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    assert workspace.training.outcome is shown
    assert models.active_id == forest.card.id
    assert "decides nothing" in window.closing.text()
    qtbot.mouseClick(dock.decision.compare, LEFT)
    qtbot.waitUntil(window.isVisible, timeout=SIGNAL_MS)
    qtbot.mouseClick(window.use, LEFT)
    settle(workspace, qtbot)
    assert models.active_id == new
    assert not window.isVisible()
    assert dock.decision.isHidden()


def test_nothing_changed_nothing_scored_and_what_is_hidden_are_said(compared):
    window = compared.window
    few = scores(NAN, note="No score yet: it takes more.")
    window.show_outcome(outcome(few, few, (), 15))
    assert window.headline.text() == "No score yet: it takes more."
    assert window.figures.isHidden()
    assert window.pages.currentWidget() is window.empty
    assert "both forests call all 15 alike" in window.empty.text()
    window.show_outcome(compared.outcome)
    assert not window.figures.isHidden()
    audits = compared.workspace.project.audits
    hidden = compared.flips[0].particle_id
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(audits, "hides", lambda one: one == hidden)
        window.refresh()
    assert hidden not in {one.item.id for one in window.model.pairs}
    assert "1 of them waits for the audit" in window.changes.text()
