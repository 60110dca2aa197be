"""Names, blind labelling and agreement in a real window."""

from __future__ import annotations

import pytest
from napari.settings import get_plugin_settings
from qtpy.QtCore import Qt

from napari_cdse.gui.app import window
from napari_cdse.gui.micrographs.history_buttons import HistoryButtons
from napari_cdse.gui.particle.card import ParticleCard
from napari_cdse.gui.session.preferences import PLUGIN
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.project import EditRequest
from tests.gui.conftest import (
    SIGNAL_MS,
    canvas,
    particle_ids,
    press,
    put_circles,
    settle,
    wait_for_pixels,
)
from tests.gui.showing import in_sight, in_step, labels, make_roomy, rows, shown


@pytest.fixture
def dock(workspace, viewer, qtbot):
    dock = window.add_dock(viewer, "Annotators").view
    qtbot.waitUntil(dock.isVisible, timeout=SIGNAL_MS)
    return dock


def refreshed(dock, qtbot) -> None:
    """Wait until the dock shows what was said last."""
    qtbot.waitUntil(lambda: not dock._later.waiting, timeout=SIGNAL_MS)


def call_oneself(dock, workspace, qtbot, name: str) -> None:
    """Type a name, and go back to the micrograph."""
    dock.name.setFocus()
    dock.name.selectAll()
    qtbot.keyClicks(dock.name, name)
    qtbot.keyClick(dock.name, Qt.Key.Key_Return)
    canvas(workspace).setFocus()
    refreshed(dock, qtbot)


def label(workspace, qtbot, particle_id: str, key) -> None:
    """Choose a particle and press the key of a class."""
    workspace.navigation.go_to(particle_id)
    settle(workspace, qtbot)
    press(workspace, qtbot, key)
    settle(workspace, qtbot)


def test_a_name_that_is_typed_stands_with_labels_and_in_the_preferences(
    dock, workspace, qtbot
):
    first, *_ = particle_ids(workspace)
    call_oneself(dock, workspace, qtbot, "Yolanda Nunez")
    label(workspace, qtbot, first, Qt.Key.Key_N)
    refreshed(dock, qtbot)
    said = workspace.project.particles.get(first).annotation
    assert (said.annotator, said.label) == ("Yolanda Nunez", "no")
    assert get_plugin_settings(PLUGIN).annotator.name == "Yolanda Nunez"
    assert "Only Yolanda Nunez has labelled" in dock.agreement.text()


def test_it_reads_from_top_to_bottom(dock, workspace, qtbot):
    first, *_ = particle_ids(workspace)
    make_roomy(dock, workspace.viewer)
    dock.hide_others.click()
    for name, key in (("Ada", Qt.Key.Key_Y), ("Bo", Qt.Key.Key_N)):
        call_oneself(dock, workspace, qtbot, name)
        label(workspace, qtbot, first, key)
    refreshed(dock, qtbot)
    assert [row[0] for row in rows(dock)[3:]] == [
        "How far you agree is shown as soon as the labels of others are: it would tell "
        "them."
    ]
    dock.hide_others.click()
    refreshed(dock, qtbot)
    qtbot.waitUntil(lambda: in_sight(dock.curves), timeout=SIGNAL_MS)
    told = rows(dock)
    assert told[:3] == [["You are", "Bo"], ["Also me"], ["Hide the labels of others"]]
    (found,) = workspace.project.annotators.agreements()
    curves = [one.sentence for one in workspace.project.annotators.curves()]
    assert told[3:] == [
        [found.sentence],
        ["ConfusionView"],
        ["Review 1 disagreement"],
        ["\n".join(curves)],
    ]
    assert dock.confusion._sides == ("Ada", "Bo")


def test_the_name_in_the_preferences_is_that_of_every_project(
    dock, workspace, folder, qtbot
):
    get_plugin_settings(PLUGIN).annotator.name = "Ben"
    assert workspace.project.annotators.current == "Ben"
    workspace.project.annotators.current = "Cleo"
    workspace.open_project(folder)
    settle(workspace, qtbot)
    assert workspace.project.annotators.current == "Ben"
    refreshed(dock, qtbot)
    assert dock.name.text() == "Ben"


def test_blind_labels_are_compared_and_disagreements_reviewed(
    dock, workspace, viewer, qtbot
):
    ids = particle_ids(workspace)
    call_oneself(dock, workspace, qtbot, "Ada")
    for one, key in zip(ids, (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U), strict=False):
        label(workspace, qtbot, one, key)
    call_oneself(dock, workspace, qtbot, "Ben")
    dock.hide_others.click()
    settle(workspace, qtbot)
    assert labels(workspace) == [None] * 5
    card = main_window(viewer).findChild(ParticleCard)
    assert "Ada" not in card.words.text() + card.words.toolTip()
    assert shown(workspace)[ids[2]] == ("null", "U?", False)
    in_step(workspace)
    label(workspace, qtbot, ids[0], Qt.Key.Key_Y)
    label(workspace, qtbot, ids[1], Qt.Key.Key_Y)
    refreshed(dock, qtbot)
    assert "agree is shown as soon as" in dock.agreement.text()
    assert not dock.confusion.isVisible()
    assert not dock.review.isVisible()
    dock.hide_others.click()
    refreshed(dock, qtbot)
    assert labels(workspace)[2] == "null"
    assert dock.agreement.text().startswith("Ada and Ben agree on 1 of 2 particles")
    assert dock.confusion.counts == [[1, 0], [1, 0]]
    assert dock.review.text() == "Review 1 disagreement"
    dock.review.click()
    settle(workspace, qtbot)
    assert workspace.project.selection.particle_id == ids[1]
    assert "Annotators differ: Ada no, Ben yes" in card.words.text()
    press(workspace, qtbot, Qt.Key.Key_N)
    settle(workspace, qtbot)
    refreshed(dock, qtbot)
    assert workspace.project.annotators.disagreements() == ()
    assert not dock.review.isVisible()
    assert dock.agreement.text().startswith("Ada and Ben agree on 1 of 2 particles")


def test_nothing_that_others_said_is_in_view_of_a_blind_one(
    dock, workspace, viewer, qtbot
):
    first, second, *_ = particle_ids(workspace)
    call_oneself(dock, workspace, qtbot, "Ada")
    label(workspace, qtbot, first, Qt.Key.Key_U)
    label(workspace, qtbot, second, Qt.Key.Key_J)
    workspace.project.edits.apply(EditRequest(noted={first: "twin", second: "twin"}))
    gallery = window.add_dock(viewer, "Gallery").view
    card = main_window(viewer).findChild(ParticleCard)
    undo = main_window(viewer).findChild(HistoryButtons).undo

    def in_view(one) -> str:
        workspace.navigation.go_to(one)
        settle(workspace, qtbot)
        model = gallery.view.model()
        tips = [
            model.index(row).data(Qt.ItemDataRole.ToolTipRole)
            for row in range(model.rowCount())
        ]
        words = [card.words.text(), card.words.toolTip(), card.note.text()]
        letters = [letter for _, letter, _ in shown(workspace).values()]
        return "\n".join([*words, *tips, *letters, undo.toolTip()])

    secrets = ("twin", "later", "Ada: null", "judged")

    def filled() -> None:
        words = in_view(first)
        assert all(each in words for each in secrets)

    qtbot.waitUntil(filled, timeout=SIGNAL_MS)
    call_oneself(dock, workspace, qtbot, "Ben")
    dock.hide_others.click()
    settle(workspace, qtbot)
    for one in (first, second):
        words = in_view(one)
        assert not [each for each in secrets if each in words]
    assert "Step (Ada)" in undo.toolTip()
    label(workspace, qtbot, second, Qt.Key.Key_Y)
    words = in_view(second)
    assert card.note.text() == "twin"
    assert "judged by Ben" in words
    assert "later" not in words


def test_what_is_drawn_comes_up_unseen_for_a_second_annotator(
    dock, workspace, viewer, qtbot, forest
):
    """Without a tick anywhere: two people, one after the other, in an order."""
    workspace.project.audits.share = 1
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    put_circles(workspace, forest)
    settle(workspace, qtbot)
    workspace.navigation.set_order("micrograph", "unlabelled")
    card = main_window(viewer).findChild(ParticleCard)
    seen = {}
    for who, key in (("Ada", Qt.Key.Key_Y), ("Ben", Qt.Key.Key_N)):
        call_oneself(dock, workspace, qtbot, who)
        assert labels(workspace) == [None] * 5
        workspace.project.selection.select(None)
        press(workspace, qtbot, Qt.Key.Key_Period)
        settle(workspace, qtbot)
        seen[who] = workspace.project.selection.particle_id
        assert "judge it before the prediction" in card.words.text()
        assert "Ada" not in card.words.text() + card.words.toolTip()
        assert shown(workspace)[seen[who]][1] == "?"
        press(workspace, qtbot, key)
        settle(workspace, qtbot)
    refreshed(dock, qtbot)
    assert seen["Ada"] == seen["Ben"]
    assert dock.agreement.text().startswith("Ada and Ben agree on 0 of 1 particles")
    assert "judged unseen: Ada 1, Ben 1" in dock.draws.text()
    assert "Ada (1 yes, 0 no)" in dock.curves.text()
    # Ada was Ben under another name after all.
    (action,) = dock.also_me.menu().actions()
    assert (action.text(), action.isChecked()) == ("Ada", False)
    action.trigger()
    refreshed(dock, qtbot)
    assert workspace.project.annotators.names() == ("Ben",)
    (action,) = dock.also_me.menu().actions()
    assert (action.text(), action.isChecked()) == ("Ada", True)
    assert "Only Ben has labelled" in dock.agreement.text()


def test_who_labelled_blind_last_time_stays_blind(dock, workspace, folder, qtbot):
    first, *_ = particle_ids(workspace)
    call_oneself(dock, workspace, qtbot, "Ada")
    label(workspace, qtbot, first, Qt.Key.Key_U)
    call_oneself(dock, workspace, qtbot, "Ben")
    dock.hide_others.click()
    workspace.open_project(folder)
    settle(workspace, qtbot)
    assert workspace.project.annotators.current == "Ben"
    assert workspace.project.annotators.hide_others
    assert not workspace.project.particles.get(first).by_person
    refreshed(dock, qtbot)
    assert dock.hide_others.isChecked()
