"""Style of figures for print and for napari's themes, and how they are saved.

matplotlib is imported when the first figure is drawn: that takes half a second, and
most commands need no figure. Neither pyplot nor a window is used.

matplotlib's settings are global, and several threads draw. So each figure is built and
saved inside `drawing`, which holds a lock and restores the settings.
"""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import name_of, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from napari_cdse.core.records import Label

    Draw = Callable[[Figure, "Palette"], object]
    """Draws on an empty figure, in the colours of a palette."""

Format = Literal["svg", "png", "pdf"]
FORMATS: tuple[Format, ...] = ("svg", "png", "pdf")
"""SVG for drawing programs and web pages, PNG for slides, PDF for manuscripts."""

MEANINGS: Mapping[Label, str] = {
    "yes": "visible defect",
    "no": "no visible defect",
    "null": "not resolved",
    "empty": "no particle",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a figure, as ``#rrggbb``.

    Attributes
    ----------
    ink, paper, rule : str
        Colours of text and axes, of the background, and of auxiliary lines.
    classes : mapping of str to str
        Colours of the classes, distinguishable with protanopia, deuteranopia and
        tritanopia.
    """

    ink: str
    paper: str
    rule: str
    classes: Mapping[Label, str]


PRINT = Palette(
    ink="#222222",
    paper="#ffffff",
    rule="#d0d0d0",
    classes={
        "yes": "#c4128d",
        "no": "#29b6d8",
        "null": "#ef8a00",
        "empty": "#a3a8ad",
    },
)
"""The window's magenta, cyan, orange and grey, darkened for a white page."""

DARK = Palette(
    ink="#f0f1f2",
    paper="#262930",
    rule="#5a626c",
    classes={
        "yes": "#f020d8",
        "no": "#66ffff",
        "null": "#ffa81a",
        "empty": "#b4b8bb",
    },
)
"""For napari's dark theme."""

WIDTH_IN = 5.1
"""Width of a figure in inches: one and a half columns of a journal (130 mm)."""

_PNG_DPI = 300
"""Dots per inch that journals require of figures with lines and grey values."""

_SALT = "napari-cdse"
"""Replaces the random number from which matplotlib makes the ids in an SVG."""

_METADATA: Mapping[Format, Mapping[str, str | None]] = {
    "svg": {"Date": None, "Creator": "napari-cdse"},
    "png": {"Software": "napari-cdse"},
    "pdf": {"CreationDate": None, "Creator": "napari-cdse", "Producer": None},
}
"""Metadata without dates and versions, so that equal data give equal files."""

_FONT = b"font-family: 'DejaVu Sans'"
_FONTS = _FONT + b", Verdana, Arial, sans-serif"

LOCK = threading.RLock()


def settings(palette: Palette) -> dict[str, Any]:
    """Return matplotlib's settings for this program's figures."""
    return {
        "axes.edgecolor": palette.ink,
        "axes.facecolor": palette.paper,
        "axes.labelcolor": palette.ink,
        "axes.labelsize": 8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": palette.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 8.5,
        "figure.constrained_layout.use": True,
        "figure.facecolor": palette.paper,
        "font.family": ["DejaVu Sans"],
        "font.size": 8,
        "hatch.color": palette.ink,
        "hatch.linewidth": 0.5,
        "legend.fontsize": 7.5,
        "legend.frameon": False,
        "legend.labelcolor": palette.ink,
        "lines.linewidth": 1.4,
        "pdf.fonttype": 42,
        "savefig.facecolor": palette.paper,
        "svg.fonttype": "none",
        "svg.hashsalt": _SALT,
        "text.color": palette.ink,
        # Names of files may hold dollar signs.
        "text.parse_math": False,
        "xtick.color": palette.ink,
        "xtick.labelsize": 7.5,
        "ytick.color": palette.ink,
        "ytick.labelsize": 7.5,
    }


@contextmanager
def drawing(palette: Palette = PRINT) -> Iterator[None]:
    """Set the style of figures, in one thread at a time, and restore it afterwards.

    Parameters
    ----------
    palette : Palette, optional
        Colours; those for print by default.
    """
    import matplotlib as mpl

    with LOCK:
        # Start from the defaults, not from a user's file of settings. The backend
        # stays: napari has chosen it.
        defaults: dict[Any, Any] = {
            name: value
            for name, value in mpl.rcParamsDefault.items()
            if name != "backend"
        }
        with mpl.rc_context():
            mpl.rcParams.update(defaults | settings(palette))
            yield


def new_figure(height_in: float, width_in: float = WIDTH_IN) -> Figure:
    """Return an empty figure.

    Parameters
    ----------
    height_in, width_in : float
        Its size in inches.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in))


def drawn(
    draw: Callable[[Figure], object], height_in: float, palette: Palette = PRINT
) -> Figure:
    """Build a figure and lay it out.

    Parameters
    ----------
    draw : callable
        Draws on the empty figure.
    height_in : float
        Height in inches.
    palette : Palette, optional
        Colours; those for print by default.
    """
    with drawing(palette):
        figure = new_figure(height_in)
        draw(figure)
        # The layout is computed once, and not again for each file.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        return figure


def figure_bytes(figure: Figure, kind: Format, palette: Palette = PRINT) -> bytes:
    """Return the contents of a figure's file; equal figures give equal bytes.

    Parameters
    ----------
    figure : Figure
        From `drawn`.
    kind : {"svg", "png", "pdf"}
        Format of the file.
    palette : Palette, optional
        Colours that the figure was drawn in.
    """
    target = io.BytesIO()
    with drawing(palette):
        figure.savefig(
            target, format=kind, dpi=_PNG_DPI, metadata=dict(_METADATA[kind])
        )
    if kind == "svg":
        # Fonts to use where this one is not installed.
        return target.getvalue().replace(_FONT, _FONTS)
    return target.getvalue()


def write_figure(figure: Figure, folder: Path, name: str) -> tuple[Path, ...]:
    """Write a figure as SVG, PNG and PDF.

    Parameters
    ----------
    figure : Figure
        From `drawn`, in the colours for print.
    folder : Path
        An existing folder.
    name : str
        Name of the files, without suffix.

    Returns
    -------
    tuple of Path
        The files that were written.

    Raises
    ------
    CdseError
        If a file cannot be written.
    """
    paths = tuple(folder / f"{name}.{kind}" for kind in FORMATS)
    for path, kind in zip(paths, FORMATS, strict=True):
        write_file(path, figure_bytes(figure, kind), CdseError)
    return paths


def save_figure(draw: Draw, path: Path, height_in: float) -> None:
    """Draw a figure for print, and write it in the format of the path's suffix.

    Parameters
    ----------
    draw : callable
        Draws on the empty figure, in the colours of the palette that it is given.
    path : Path
        With the suffix ``.png``, ``.svg`` or ``.pdf``.
    height_in : float
        Height in inches.

    Raises
    ------
    CdseError
        For another suffix, or if the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    kinds: dict[str, Format] = {each: each for each in get_args(Format)}
    if kind not in kinds:
        raise CdseError(
            f"{name_of(path)} is no figure's name; let it end in .png, .svg or .pdf."
        )
    figure = drawn(lambda empty: draw(empty, PRINT), height_in)
    write_file(path, figure_bytes(figure, kinds[kind]), CdseError)
