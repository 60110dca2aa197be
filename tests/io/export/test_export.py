"""Tables and summaries read back with other programs' eyes."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_cdse.core.errors import CdseError
from napari_cdse.core.pixel_size import REFERENCE_ERROR, PixelSizeSource
from napari_cdse.core.records import Circle
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.overview import overview
from napari_cdse.core.statistics.visible_defects import visible_defects
from napari_cdse.io.export.label_files import write_labels
from napari_cdse.io.export.particle_csv import COLUMNS, write_particles_csv
from napari_cdse.io.export.particle_rows import ParticleRow
from napari_cdse.io.export.summary import (
    by_the_forest_alone,
    summarise,
    write_summary_json,
)
from napari_cdse.io.labels.label_file import read_label_file

P = (0.5, 0.25, 0.125, 0.125)


def _row(**changes):
    values = {
        "micrograph": "m1",
        "particle": "p1",
        "circle": Circle(10.25, 20.5, 30.125),
        "label": "yes",
        "probabilities": P,
        "pixel_size_nm": 0.04,
        "pixel_size_source": PixelSizeSource.FILE,
    }
    return ParticleRow(**{**values, **changes})


def _table(path, rows):
    write_particles_csv(path, rows)
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_table_has_exactly_the_agreed_columns(tmp_path):
    path = tmp_path / "particles.csv"
    rows = _table(path, [_row()])
    assert path.read_text().splitlines()[0] == (
        "micrograph,particle,x_px,y_px,radius_px,diameter_nm,label,"
        "p_yes,p_no,p_null,p_empty,pixel_size_nm,pixel_size_source,reviewed"
    )
    assert tuple(rows[0])[: len(COLUMNS)] == COLUMNS
    assert rows[0] == {
        "micrograph": "m1",
        "particle": "p1",
        "x_px": "20.5",
        "y_px": "10.25",
        "radius_px": "30.125",
        "diameter_nm": "2.41",
        "label": "yes",
        "p_yes": "0.5",
        "p_no": "0.25",
        "p_null": "0.125",
        "p_empty": "0.125",
        "pixel_size_nm": "0.04",
        "pixel_size_source": "file",
        "reviewed": "false",
    }


@pytest.mark.parametrize(
    ("size", "source", "cell"),
    [(0.04, "person", "2.41"), (0.04, "estimated", ""), (None, None, "")],
)
def test_lengths_in_nm_need_a_pixel_size_that_someone_stated(
    tmp_path, size, source, cell
):
    row = _row(
        pixel_size_nm=size,
        pixel_size_source=None if source is None else PixelSizeSource(source),
    )
    assert _table(tmp_path / "a.csv", [row])[0]["diameter_nm"] == cell


def test_null_stays_a_word_and_unknown_stays_empty(tmp_path):
    path = tmp_path / "a.csv"
    _table(path, [_row(label="null"), _row(label=None, probabilities=None)])
    found = pd.read_csv(path, keep_default_na=False)
    assert list(found["label"]) == ["null", ""]
    assert found["p_yes"][1] == ""


def test_what_is_counted_of_particles_leaves_circles_out_that_hold_none():
    rows = [
        _row(label="null"),
        _row(label="empty", micrograph_id="b", pixel_size_nm=None),
    ]
    told = summarise(rows, by_the_forest_alone(rows, "f"))
    assert (told["circles"], told["particles"]) == (2, 1)
    assert told["micrographs_with_particles"] == 1
    assert told["particles_without_pixel_size"] == 0


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " ="])
def test_no_name_becomes_a_formula(tmp_path, start):
    name = f'{start}cmd|"x",1'
    rows = _table(tmp_path / "a.csv", [_row(micrograph=name, particle=name)])
    assert rows[0]["micrograph"] == f"'{name}"
    assert rows[0]["particle"] == f"'{name}"


def test_odd_names_survive_as_one_cell(tmp_path):
    rows = _table(tmp_path / "a.csv", [_row(micrograph='a,"b"\nµ'), _row()])
    assert rows[0]["micrograph"] == 'a,"b"\nµ'
    assert len(rows) == 2
    rows = _table(tmp_path / "b.csv", [_row(micrograph="bad\udcff")])
    assert rows[0]["micrograph"] == r"bad\udcff"


def test_numbers_keep_what_a_measurement_can_tell(tmp_path):
    row = _row(circle=Circle(1000 / 3, -2e-8, 44.123456789))
    cells = _table(tmp_path / "a.csv", [row])[0]
    assert float(cells["y_px"]) == pytest.approx(1000 / 3, rel=1e-9)
    assert cells["radius_px"] == "44.12345679"


def test_a_full_disk_is_a_sentence(tmp_path, full_disk):
    with full_disk(), pytest.raises(CdseError, match="disk is full"):
        write_particles_csv(tmp_path / "a.csv", [_row()])
    assert list(tmp_path.iterdir()) == []


def _population():
    labels = ["yes", "no", "no", "null", "empty", None]
    return [
        _row(
            particle=f"p{i}",
            label=label,
            micrograph="same",
            micrograph_id=f"id{i % 2}",
            by_person=i < 2,
            pixel_size_source=PixelSizeSource.ESTIMATED
            if i == 0
            else PixelSizeSource.FILE,
        )
        for i, label in enumerate(labels)
    ]


def test_sizes_tell_what_moves_all_of_them_alike(tmp_path):
    """The pixel size is off by 2 %, and the program's own circles by the fit."""
    circles = [Circle(30, 30, 10), Circle(60, 60, 10), Circle(90, 90, 10)]
    rows = [
        ParticleRow(
            "m",
            str(at),
            circle,
            "no",
            pixel_size_nm=0.04,
            pixel_size_source=PixelSizeSource.FILE,
            distrust="centre outside" if at == 2 else None,
            fit_error=0.05 if at == 0 else 0.0,
            pixel_size_error=0.02,
        )
        for at, circle in enumerate(circles)
    ]
    told = summarise(rows, by_the_forest_alone(rows, "forest"))
    (no, _) = told["diameters_nm"]
    assert (no.n, no.mean) == (2, pytest.approx(0.8))
    assert no.mean_systematic == pytest.approx(0.016)
    assert no.fit_systematic == pytest.approx(0.05 * 0.4)
    (px, _) = told["diameters_px"]
    assert px.mean_systematic == 0
    assert "known to within 2.00%" in told["diameters_uncertainty"]
    exact = [replace(row, pixel_size_error=0.0) for row in rows]
    found = summarise(exact, by_the_forest_alone(exact, "forest"))
    assert "pixel size is taken as exact" in found["diameters_uncertainty"]


def test_sizes_by_estimated_scales_stand_apart_with_what_they_err_by():
    """Two micrographs, at 0.04 nm within 1 and 2 %; one of a scale that is unsure."""
    rows = [
        ParticleRow(
            name,
            f"{name}{n}",
            Circle(30, 30, 50),
            "no",
            pixel_size_nm=0.04,
            pixel_size_source=PixelSizeSource(source),
            micrograph_id=name,
            pixel_size_error=error,
        )
        for name, source, error in (
            ("a", "estimated", 0.01),
            ("b", "estimated", 0.02),
            ("c", "unsure", 0.0),
        )
        for n in range(3)
    ]
    told = summarise(rows, by_the_forest_alone(rows, "forest"))
    # No table has them: an estimate calibrates nothing.
    assert told["diameters_nm"] == ()
    (no, every) = told["diameters_nm_estimated"]
    assert (no.n, no.n_micrographs) == (6, 2)
    assert (no.mean, no.mean_95) == (pytest.approx(4.0), None)
    own = [math.sqrt(error**2 - REFERENCE_ERROR**2) for error in (0.01, 0.02)]
    assert no.mean_by_estimates == pytest.approx(12 * math.hypot(*own) / 6)
    assert no.mean_systematic == pytest.approx(4 * REFERENCE_ERROR)
    assert every.mean_by_estimates == no.mean_by_estimates
    given = [replace(row, pixel_size_source=PixelSizeSource.FILE) for row in rows]
    assert (
        summarise(given, by_the_forest_alone(given, "f"))["diameters_nm_estimated"]
        == ()
    )


def test_the_summary_counts_and_tells_micrographs_apart(tmp_path):
    path = tmp_path / "summary.json"
    judged = [
        Evidence(f"m{m}", label=label, route="hand")
        for m in range(6)
        for label in ("yes", "no", "no", "no" if m % 2 else "yes")
    ]
    defects = visible_defects(judged)
    write_summary_json(path, summarise(_population(), overview(judged, defects)))
    found = json.loads(path.read_text())
    # A circle called empty holds no particle, of one without a class nobody knows.
    assert (found["circles"], found["particles"]) == (6, 4)
    assert found["micrographs_with_particles"] == 2
    assert (found["labelled_by_person"], found["labelled_by_forest"]) == (2, 3)
    assert found["classes"] == {"yes": 1, "no": 2, "null": 1, "empty": 1}
    told = found["visible_defects"]
    # Of all particles the fraction, of those in the table the counts.
    assert told["fraction"] == pytest.approx(9 / 24)
    assert (told["n_yes"], told["n_no"], told["n_micrographs"]) == (1, 2, 6)
    assert tuple(told["interval_95"]) == defects.interval_95
    assert told["sentence"] == defects.sentence
    # Intervals that took reviewed particles for a sample had no method.
    assert not {"wilson_95", "bootstrap_95"} & set(told)
    assert found["particles_without_pixel_size"] == 1
    sizes = {entry["label"]: entry for entry in found["diameters_nm"]}
    assert set(sizes) == {"no", "null", "all"}
    assert sizes["no"]["mean"] == pytest.approx(2.41)
    assert len(found["diameters_px"]) == 4
    by_micrograph = found["visible_defects_by_micrograph"]
    assert [each["fraction"] for each in by_micrograph] == [0.5, 0.25] * 3
    assert found["visible_defects_by_labels"][-1]["fraction"] == told["fraction"]


def test_a_summary_of_nothing_is_written(tmp_path):
    nothing = overview([], visible_defects([]))
    write_summary_json(tmp_path / "a.json", summarise([], nothing))
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["circles"], found["particles"]) == (0, 0)
    assert found["visible_defects"]["fraction"] is None


def test_json_spells_out_arrays_paths_and_what_is_not_finite(tmp_path):
    summary = {
        "array": np.arange(3, dtype=np.int64),
        "scalar": np.float32(0.5),
        "path": Path("a") / "b",
        "nan": math.nan,
        "deep": [{"inf": np.inf}],
        "record": Circle(1, 2, 3),
        "µ": "µ\udcff",
    }
    write_summary_json(tmp_path / "a.json", summary)
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert found["array"] == [0, 1, 2]
    assert found["scalar"] == 0.5
    assert found["path"] == str(Path("a") / "b")
    assert found["nan"] is None
    assert found["deep"] == [{"inf": None}]
    assert found["record"] == {"row_px": 1, "col_px": 2, "radius_px": 3}


def test_label_files_hold_what_a_person_reviewed(tmp_path):
    rows = [
        _row(label="yes", by_person=True),
        _row(label="empty", by_person=True),
        _row(label="no"),
        _row(label=None, by_person=True),
    ]
    assert write_labels(tmp_path / "a.txt", rows, (100, 100)) == ()
    found = read_label_file(tmp_path / "a.txt", shape=(100, 100))
    assert found.labels == ("yes", "empty")
    assert found.reviewed
    assert found.circles[0] == Circle(10.25, 20.5, 30.0)


def test_predictions_come_only_when_asked_for_and_are_marked(tmp_path):
    rows = [_row(label="yes", by_person=True), _row(label="no"), _row(label="empty")]
    path = tmp_path / "a.txt"
    write_labels(path, rows, (100, 100), include_predictions=True)
    found = read_label_file(path)
    assert found.labels == ("yes", "no")
    assert not found.reviewed
    write_labels(path, rows[:1], (100, 100), include_predictions=True)
    assert read_label_file(path).reviewed
    write_labels(path, [], (100, 100), include_predictions=True)
    assert not read_label_file(path).reviewed


def test_what_a_label_file_cannot_hold_is_told(tmp_path):
    rows = [_row(by_person=True), _row(by_person=True, circle=Circle(5, 400, 3))]
    notices = write_labels(tmp_path / "a.txt", rows, (100, 100))
    assert len(read_label_file(tmp_path / "a.txt").circles) == 1
    assert notices[0].startswith("1 particle has its centre outside")
