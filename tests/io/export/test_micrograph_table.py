"""The table of micrographs: a line each, what is not known is empty."""

import csv

from napari_cdse.core.micrograph_quality import FIGURES, MicrographQuality
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.io.export.micrograph_table import TableLine, write_micrographs_csv

SIZE = PixelSize(0.04, PixelSizeSource.PERSON)


def test_figures_stand_at_the_end_and_the_unknown_is_empty(tmp_path):
    quality = MicrographQuality(0.04, information_limit_nm=0.2, stretch=1.5)
    lines = [
        TableLine("a", (470, 310), SIZE, 3, "It is stretched.", quality),
        TableLine("=b", None, None, 0, None, None),
    ]
    write_micrographs_csv(tmp_path / "micrographs.csv", lines)
    with (tmp_path / "micrographs.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert list(first)[-len(FIGURES) :] == list(FIGURES)
    told = {name: value for name, value in first.items() if value}
    assert told == {
        "micrograph": "a",
        "n_rows": "470",
        "n_columns": "310",
        "pixel_size_nm": "0.04",
        "pixel_size_source": "person",
        "circles": "3",
        "out_of_range": "It is stretched.",
        "information_limit_nm": "0.2",
        "stretch": "1.5",
    }
    # Nor is a name run as a formula.
    assert {name: value for name, value in second.items() if value} == {
        "micrograph": "'=b",
        "circles": "0",
    }


def test_samples_have_a_column_where_the_project_names_any(tmp_path):
    path = tmp_path / "micrographs.csv"
    named = TableLine("a", None, SIZE, 3, None, None, "aged")
    write_micrographs_csv(path, [named, TableLine("b", None, SIZE, 0, None, None)])
    with path.open(newline="") as file:
        assert [each["sample"] for each in csv.DictReader(file)] == ["aged", ""]
    write_micrographs_csv(path, [TableLine("b", None, SIZE, 0, None, None)])
    assert "sample" not in path.read_text()
