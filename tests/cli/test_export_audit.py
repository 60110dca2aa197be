"""The audit goes into the summary, and only the audit is an error rate there."""

import json

from napari_cdse.cli import main
from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.project import Project
from tests.project_tools import hand_over, put_circles, small_model, write_folder

CIRCLES = [
    Circle(10.0 + 8 * row, 10.0 + 9 * col, 4.0) for row in range(5) for col in range(8)
]


def test_the_summary_holds_the_audit_of_each_forest(tmp_path, capsys):
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    project.audits.share = 0.5
    model = small_model(name="dots")
    project.models.add(model)
    project.models.keep(model.card.id)
    hand_over(project)
    ids = put_circles(project, CIRCLES, model.card.id)
    drawn = [one for one in ids if project.audits.hides(one)]
    others = [one for one in ids if one not in drawn]
    # What she saw the forest say, she always agrees with: that must not count.
    for one in others:
        project.edits.accept([one], selected_by="queue")
    for one in drawn:
        said = project.particles.get(one).prediction.label
        wrong = CLASSES[CLASSES.index(said) - 1]
        project.edits.label([one], wrong, selected_by="queue")
    project.close()
    out = tmp_path / "out"
    assert main(["export", str(project.path), "--out", str(out)]) == 0
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    (audit,) = summary["audits"]
    assert (audit["model"], audit["model_id"]) == ("dots", model.card.id)
    assert audit["accuracy"]["n"] == len(drawn) == sum(map(sum, audit["confusion"]))
    assert audit["accuracy"]["value"] in (0.0, None)
    assert audit["sentence"] in capsys.readouterr().out


def test_without_an_audit_there_is_none(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    hand_over(project)
    project.edits.draw(CIRCLES[0], "yes")
    project.close()
    out = tmp_path / "out"
    assert main(["export", str(project.path), "--out", str(out)]) == 0
    assert json.loads((out / "summary.json").read_text("utf-8"))["audits"] == []
