"""Figures are built, and what is drawn on them is measured."""

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_cdse.core.errors import CdseError
from napari_cdse.core.pixel_size import PixelSizeSource
from napari_cdse.core.records import Circle
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.overview import overview
from napari_cdse.core.statistics.size_distribution import EstimatedSizes, class_sizes
from napari_cdse.core.statistics.visible_defects import visible_defects
from napari_cdse.io.export.figures import style as figure_style
from napari_cdse.io.export.figures.population import figures_of, write_figures
from napari_cdse.io.export.figures.sizes import draw_sizes
from napari_cdse.io.export.figures.style import (
    DARK,
    PRINT,
    drawing,
    drawn,
    figure_bytes,
)
from napari_cdse.io.export.particle_rows import ParticleRow

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


def _overview(evidence, names=None):
    evidence = list(evidence)
    return overview(evidence, visible_defects(evidence), names)


NOTHING = _overview([])


def _judged():
    for m in range(6):
        for n, label in enumerate(("yes", "no", "no", "no" if m % 2 else "yes")):
            yield Evidence(
                f"m{m}",
                label=label,
                route="hand",
                diameter_nm=3.0 + n,
                judged_at=f"{m}{n}",
            )


def _rows(labels, radii=None, source="file", by_person=True):
    known = PixelSizeSource(source)
    return [
        ParticleRow("m", str(i), Circle(1, 1, radius), label, None, 0.05, known)
        if not by_person
        else ParticleRow(
            "m", str(i), Circle(1, 1, radius), label, None, 0.05, known, True
        )
        for i, (label, radius) in enumerate(
            zip(labels, radii or [40.0] * len(labels), strict=True)
        )
    ]


def _words(axes):
    named = [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
    ticks = [one.get_text() for one in axes.get_xticklabels()]
    return [*named, *ticks, *(one.get_text() for one in axes.texts)]


def _over(axes):
    """Words over a panel, whatever lines they take."""
    return axes.get_title(loc="left").replace("\n", " ")


def _line(axes, name):
    return next((x for x in axes.get_lines() if x.get_gid() == name), None)


def test_bars_are_as_high_as_the_counts_and_tell_who_judged():
    rows = _rows(["yes"] * 10 + ["no"] * 20) + _rows(["null"] * 5, by_person=False)
    bars, _ = figures_of(rows, NOTHING)["classes"].axes
    heights = [patch.get_height() for patch in bars.patches]
    assert heights == [10, 20, 0, 0, 0, 0, 5, 0]
    assert {patch.get_hatch() for patch in bars.patches[4:]} == {"////"}
    words = _words(bars)
    assert {"10", "20", "5", "0"} <= set(words)
    assert "Labelled circles by class (n = 35)" in words
    assert "N  no\nno visible defect" in words


def test_the_fraction_and_its_interval_stand_on_the_axis():
    found = _overview(_judged())
    _, strip = figures_of(_rows(["yes"]), found)["classes"].axes
    assert _line(strip, "fraction").get_xdata()[0] == pytest.approx(0.375)
    ends = _line(strip, "interval").get_xdata()
    assert tuple(ends) == found.defects.interval_95
    assert _over(strip) == found.defects.sentence


def test_a_fraction_without_an_interval_has_an_open_dot_and_no_bar():
    alone = _overview([Evidence("m", (0.3, 0.6, 0.1, 0.0))])
    _, strip = figures_of(_rows(["no"]), alone)["classes"].axes
    dot = _line(strip, "fraction")
    assert dot.get_xdata()[0] == pytest.approx(1 / 3)
    assert dot.get_markerfacecolor() == PRINT.paper
    assert _line(strip, "interval") is None
    assert "without an interval" in _over(strip)


def test_nothing_resolved_has_no_mark_on_the_axis():
    _, strip = figures_of(_rows(["null"]), NOTHING)["classes"].axes
    assert not strip.get_lines()
    assert "no defect fraction" in _over(strip)


def _micrographs(evidence, names=None):
    (axes,) = figures_of([], _overview(evidence, names))["micrographs"].axes
    dots = [x for x in axes.get_lines() if x.get_linestyle() == "None"]
    points = {
        (float(x), round(float(y), 3)): line
        for line in dots
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        if line.get_marker() in ("o", "D")
    }
    return axes, points


def test_a_micrograph_that_stands_apart_has_another_mark():
    odd = [Evidence("m9", label="yes", route="file") for _ in range(8)]
    axes, points = _micrographs([*_judged(), *odd])
    (diamond,) = [at for at, line in points.items() if line.get_marker() == "D"]
    assert diamond == (6.0, 1.0)
    assert "apart from the whole, 1 of 7" in _over(axes)
    assert len(points) == 7


def test_micrographs_stand_in_the_order_of_their_names_and_dollars_are_dollars():
    names = {f"m{m}": f"{5 - m}$a$" for m in range(5, -1, -1)}
    axes, _ = _micrographs(_judged(), names)
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert ticks == list(names.values())
    assert not any(tick.get_parse_math() for tick in axes.get_xticklabels())


def test_what_only_the_forest_says_is_open_and_without_an_interval():
    axes, points = _micrographs([Evidence("m", (0.3, 0.6, 0.1, 0.0))])
    (dot,) = points.values()
    assert dot.get_markerfacecolor() == PRINT.paper
    assert "no interval without draws" in _over(axes)
    assert "line: all, 0.33, without an interval" in _over(axes)


def test_sizes_are_in_nm_where_known_and_panels_hold_everything():
    rows = _rows(["yes"] * 8 + ["no"] * 4, [40.0] * 8 + [60.0] * 4)
    figure = figures_of(rows, NOTHING)["sizes"]
    panels = figure.axes
    sums = [sum(one.get_height() for one in axes.patches) for axes in panels]
    assert sums == [8, 4, 0]
    assert panels[-1].get_xlabel() == "diameter (nm)"
    assert figure.get_suptitle() == "Diameter of particles in nm (n = 12)"
    assert _over(panels[0]).endswith("(n = 8), mean 4 nm (no interval)")


def test_density_and_fit_hold_as_much_as_the_bars():
    radii = list(40 * np.exp(0.1 * np.linspace(-2, 2, 40)))
    axes = figures_of(_rows(["no"] * 40, radii), NOTHING)["sizes"].axes[1]
    width = axes.patches[0].get_width()
    curves = axes.get_lines()
    assert [line.get_linestyle() for line in curves] == ["-", "--"]
    for line in curves:
        area = np.trapezoid(line.get_ydata(), line.get_xdata())
        assert area == pytest.approx(40 * width, rel=0.01)
    assert "log-normal: 4 nm" in axes.get_legend().get_texts()[1].get_text()


def test_an_estimate_gives_nm_where_nothing_else_does_and_says_so():
    figure = figures_of(_rows(["yes", "null"], source="estimated"), NOTHING)["sizes"]
    assert figure.axes[-1].get_xlabel() == "diameter (nm)"
    assert "by pixel sizes estimated from the lattice" in figure.get_suptitle()
    mixed = _rows(["yes"]) + _rows(["no"], source="estimated")
    title = figures_of(mixed, NOTHING)["sizes"].get_suptitle()
    assert title == "Diameter of particles in nm (n = 1; 1 without a pixel size)"


def test_no_panel_of_sizes_tells_negative_counts():
    figure = figures_of(_rows(["yes", "yes", "null"]), NOTHING)["sizes"]
    tops = []
    for axes in figure.axes:
        bottom, top = axes.get_ylim()
        assert bottom == 0
        tops.append(top)
    assert tops[0] > 2 > tops[1] == 1


def test_what_estimates_are_off_by_stands_beside_a_mean_without_an_interval():
    """Two micrographs are too few for an interval, which would hold it."""
    sizes = class_sizes(
        [None] * 2,
        [100.0, 100.0],
        ["yes", "yes"],
        ["a", "b"],
        estimated=EstimatedSizes([4.0, 4.0], {"a": 0.03, "b": 0.04}, 0.0),
    )
    figure = drawn(lambda empty: draw_sizes(empty, sizes), 5.0)
    title = " ".join(figure.axes[0].get_title(loc="left").split())
    # Half of the mean each: 2 nm times 3 % and 4 %.
    assert title.endswith("mean 4 nm (no interval) \u00b1 0.1 by the estimates")


def test_labels_and_sizes_have_their_figures():
    figures = figures_of(_rows(["yes"]), _overview(_judged()))
    (history,) = figures["labels"].axes
    way = history.get_lines()[0]
    assert (way.get_xdata()[-1], way.get_ydata()[-1]) == (24, pytest.approx(0.375))
    (trend,) = figures["fraction_by_size"].axes
    assert trend.get_xlabel() == "diameter (nm)"
    assert "24" in _words(trend)


@pytest.fixture
def every_format(monkeypatch):
    monkeypatch.setattr(figure_style, "FORMATS", ("svg", "png", "pdf"))


@pytest.mark.usefixtures("every_format")
def test_figures_are_written_where_there_is_something_to_show(tmp_path, full_disk):
    found = _overview(_judged())
    written = write_figures(tmp_path / "new", _rows(["yes", "no"]), found)
    names = ["classes", "micrographs", "sizes", "fraction_by_size", "labels"]
    assert [path.name for path in written] == [
        f"{name}.{kind}" for name in names for kind in ("svg", "png", "pdf")
    ]
    starts = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}
    for path in written:
        assert path.read_bytes().startswith(starts[path.suffix])
    assert {path.stem for path in write_figures(tmp_path, [], NOTHING)} == {"classes"}
    with full_disk(), pytest.raises(CdseError, match="disk is full"):
        write_figures(tmp_path, _rows(["yes"]), NOTHING)


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_data_give_the_same_bytes(kind, monkeypatch):
    found = []
    for then in ("1000000000", "1700000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", then)
        figure = figures_of(_rows(["yes", "no"]), NOTHING)["classes"]
        found.append(figure_bytes(figure, kind))
    assert found[0] == found[1]


def test_words_in_an_svg_are_words():
    figure = figures_of(_rows(["yes"]), NOTHING)["classes"]
    root = ElementTree.fromstring(figure_bytes(figure, "svg"))
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Labelled circles by class (n = 1)" in words


def test_a_figure_leaves_no_settings_behind():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with drawing(DARK):
        assert mpl.rcParams["text.color"] == DARK.ink
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("palette", [PRINT, DARK], ids=["print", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_the_colours_stay_apart_for_everyone(blindness, palette):
    srgb = np.array(
        [
            [int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            for c in palette.classes.values()
        ]
    )
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(BLINDNESS[blindness]), 0, 1)
    shown = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(shown)
    for first, second in combinations(lab, 2):
        assert np.linalg.norm(first - second) > 15
