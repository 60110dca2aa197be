"""Figures are read back as XML and measured."""

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_cdse.core.errors import CdseError
from napari_cdse.core.records import Circle
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.visible_defects import visible_defects
from napari_cdse.io.export.export import ParticleRow
from napari_cdse.io.export.figures import COLOURS, classes_svg, sizes_svg, write_figures
from napari_cdse.io.export.svg import ticks

NAMESPACE = "{http://www.w3.org/2000/svg}"
# Machado, Oliveira, Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009).
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


NOTHING = visible_defects([])


def _rows(labels, radii=None, source="file"):
    return [
        ParticleRow("m", str(i), Circle(1, 1, radius), label, None, 0.05, source)
        for i, (label, radius) in enumerate(
            zip(labels, radii or [40.0] * len(labels), strict=True)
        )
    ]


def _elements(svg, tag):
    return list(ElementTree.fromstring(svg).iter(f"{NAMESPACE}{tag}"))


def _heights(svg, colour):
    return [
        float(rect.get("height"))
        for rect in _elements(svg, "rect")
        if rect.get("fill") == colour
    ]


def _texts(svg):
    return [text.text for text in _elements(svg, "text")]


def test_bars_are_as_high_as_the_counts():
    svg = classes_svg(_rows(["yes"] * 10 + ["no"] * 20 + ["null"] * 5), NOTHING)
    heights = {label: _heights(svg, colour)[0] for label, colour in COLOURS.items()}
    assert heights["no"] == pytest.approx(2 * heights["yes"])
    assert heights["null"] == pytest.approx(heights["yes"] / 2)
    assert heights["empty"] == 0
    texts = _texts(svg)
    assert {"10", "20", "5", "0"} <= set(texts)
    assert {"Y  yes", "N  no", "U  null", "O  empty"} <= set(texts)


def _share_on_the_axis(svg, x):
    axis = [(text.text, float(text.get("x"))) for text in _elements(svg, "text")]
    ends = {text: at for text, at in axis if text in ("0.0", "1.0")}
    return (float(x) - ends["0.0"]) / (ends["1.0"] - ends["0.0"])


def test_the_fraction_and_its_interval_stand_on_the_axis():
    judged = [
        Evidence(f"m{m}", label=label, route="hand")
        for m in range(6)
        for label in ("yes", "no", "no", "no" if m % 2 else "yes")
    ]
    defects = visible_defects(judged)
    svg = classes_svg(_rows(["yes"] * 3 + ["no"] * 9), defects)
    dot = _elements(svg, "circle")[0].get("cx")
    assert _share_on_the_axis(svg, dot) == pytest.approx(0.375, abs=1e-3)
    bar = next(x for x in _elements(svg, "line") if x.get("stroke-width") == "4")
    ends = [_share_on_the_axis(svg, bar.get(x)) for x in ("x1", "x2")]
    assert ends == pytest.approx(defects.interval_95, abs=1e-3)


def test_a_fraction_without_an_interval_has_a_dot_and_no_bar():
    alone = visible_defects([Evidence("m", (0.3, 0.6, 0.1, 0.0))])
    svg = classes_svg(_rows(["no"]), alone)
    dot = _elements(svg, "circle")[0].get("cx")
    assert _share_on_the_axis(svg, dot) == pytest.approx(1 / 3, abs=1e-3)
    assert not [x for x in _elements(svg, "line") if x.get("stroke-width") == "4"]
    assert "without an interval" in " ".join(_texts(svg))


def test_nothing_resolved_has_no_mark_on_the_axis():
    svg = classes_svg(_rows(["null"]), NOTHING)
    assert _elements(svg, "circle") == []
    assert any("no defect fraction" in text for text in _texts(svg))


def test_sizes_are_in_nm_where_known_and_panels_hold_everything():
    svg = sizes_svg(_rows(["yes"] * 8 + ["no"] * 4, [40.0] * 8 + [60.0] * 4))
    assert "diameter (nm)" in _texts(svg)
    assert sum(_heights(svg, COLOURS["yes"])) == pytest.approx(
        2 * sum(_heights(svg, COLOURS["no"]))
    )
    assert "Diameter of particles in nm (n = 12)" in _texts(svg)


def test_an_estimate_gives_no_nm():
    texts = _texts(sizes_svg(_rows(["yes", "null"], source="estimated")))
    assert "diameter (px)" in texts
    mixed = _rows(["yes"]) + _rows(["no"], source="estimated")
    assert "Diameter of particles in nm (n = 1; 1 without a pixel size)" in _texts(
        sizes_svg(mixed)
    )


def test_figures_are_written_where_there_is_something_to_show(tmp_path, full_disk):
    written = write_figures(tmp_path / "new", _rows(["yes", "no"]), NOTHING)
    assert [path.name for path in written] == ["classes.svg", "sizes.svg"]
    assert all(path.is_file() for path in written)
    assert [path.name for path in write_figures(tmp_path, [], NOTHING)] == [
        "classes.svg"
    ]
    with full_disk(), pytest.raises(CdseError, match="disk is full"):
        write_figures(tmp_path, _rows(["yes"]), NOTHING)


@pytest.mark.parametrize(
    ("top", "marks"), [(4, [0, 1, 2, 3, 4]), (65, [0, 20, 40, 60, 80]), (0, [0])]
)
def test_ticks_are_round(top, marks):
    assert ticks(top) == pytest.approx(marks)


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_colours_stay_apart_for_everyone(blindness):
    srgb = np.array(
        [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLOURS.values()]
    )
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(BLINDNESS[blindness]), 0, 1)
    shown = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(shown)
    for first, second in combinations(lab, 2):
        assert np.linalg.norm(first - second) > 15
