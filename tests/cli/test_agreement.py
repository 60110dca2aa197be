"""``napari-cdse agreement``: kappa and each annotator's curve, in words."""

from __future__ import annotations

from napari_cdse.cli import main
from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from napari_cdse.project.state.audit_plan import AuditPlan
from tests.annotating import say
from tests.project_tools import hand_over, put_circles, small_model, write_folder

CIRCLES = [Circle(12.0 + 16 * (n % 5), 12.0 + 16 * (n // 5), 6.5) for n in range(40)]


def test_each_annotator_has_a_curve(tmp_path, capsys, monkeypatch):
    # One in twenty draws leaves 0 out of its interval, as it should.
    monkeypatch.setattr(AuditPlan, "new", lambda _: AuditPlan("the same each time"))
    folder = write_folder(tmp_path / "sample", [f"m{n}.png" for n in range(6)])
    project = Project.create_or_open(folder)
    model = small_model()
    project.models.add(model)
    project.models.keep(model.card.id)
    project.audits.share = 0.5
    drawn = []
    for index in range(6):
        hand_over(project, index)
        put_circles(project, CIRCLES, model.card.id, index)
        lots = [p for p in project.particles.of(index) if project.audits.hides(p.id)]
        drawn += [each.id for each in lots]
    # The forest takes classes in turn, whatever the particle: nobody follows it.
    for who, hide, odd in (("Ada", False, 2), ("Bo", True, 3)):
        labels = {each: "no" if n % odd else "yes" for n, each in enumerate(drawn)}
        say(project, who, labels, hide=hide)
    told = {each.annotator: each for each in project.annotators.curves()}
    project.close()
    assert main(["agreement", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "Ada and Bo agree on" in said
    assert set(told) == {"Ada", "Bo"}
    assert told["Ada"].n_yes + told["Ada"].n_no == len(drawn)
    assert told["Ada"].slope_95[0] < 0 < told["Ada"].slope_95[1]
    for each in told.values():
        assert each.sentence in said


def test_without_labels_it_says_so(tmp_path, capsys):
    folder = write_folder(tmp_path / "bare")
    Project.create_or_open(folder).close()
    assert main(["agreement", str(folder)]) == 0
    assert "Nobody has labelled" in capsys.readouterr().out
