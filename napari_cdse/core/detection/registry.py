"""The detection methods by name; window, command line, pipeline and tests read them.

A new method is one module and one entry here. Modules are named rather than imported,
so that a form or ``--help`` need not wait for any method's own imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True, slots=True)
class DetectionMethod:
    """One way from a micrograph to circles.

    Attributes
    ----------
    name : str
        What the user chooses, and what a project stores.
    summary : str
        What the method does, in one line for the user.
    location : str
        ``"module:function"``. The function is called with (prepared image, scene,
        parameters, progress) and returns circles, strengths, maps and, if it has any,
        sentences for the user. Where it asks a forest, it is given ``micrograph`` and
        ``model`` as keywords besides.
    parameters : tuple of str
        Fields of ``DetectionParams`` that the method reads.
    needs_forest : bool
        Whether it asks a trained forest.
    needs_pixels : bool
        Whether it is given ``micrograph`` as a keyword, without a forest.
    needs_package, extra : str
        A package that it needs beyond those that are always there, and the extra that
        installs it; empty where it needs none.
    """

    name: str
    summary: str
    location: str
    parameters: tuple[str, ...]
    needs_forest: bool = False
    needs_pixels: bool = False
    needs_package: str = ""
    extra: str = ""

    def missing(self) -> str | None:
        """Say which package the method needs that is not installed, and how to get it.

        Returns
        -------
        str or None
            None where nothing is missing.
        """
        if not self.needs_package or find_spec(self.needs_package) is not None:
            return None
        return self.install

    @property
    def install(self) -> str:
        """The sentence that says how to get the package that the method needs."""
        return (
            f"The method {self.name!r} needs {self.needs_package}, which is not "
            f"installed: pip install 'napari-cdse[{self.extra}]', or choose another "
            "method."
        )

    def load(self) -> Any:
        """Import the method's module and return its function."""
        module, _, function = self.location.partition(":")
        return getattr(import_module(module), function)


_LENGTHS = (
    "window_nm",
    "spacing_min_nm",
    "spacing_max_nm",
    "diameter_min_nm",
    "diameter_max_nm",
)
_ROOM = "napari_cdse.core.detection"

METHODS: dict[str, DetectionMethod] = {
    method.name: method
    for method in (
        DetectionMethod(
            "both",
            "bragg and unet, whose circles are averaged; finds most, twice the time",
            "napari_cdse.pipeline.both_detection:find_by_both",
            (*_LENGTHS, "false_alarms"),
            needs_package="onnxruntime",
            extra="unet",
        ),
        DetectionMethod(
            "bragg",
            "lattice fringes against the speckle, fitted by disks",
            f"{_ROOM}.bragg_contrast:find_particles",
            (*_LENGTHS, "false_alarms"),
        ),
        DetectionMethod(
            "nfindr",
            "N-FINDR unmixing, whose maps tell kinds of areas apart",
            f"{_ROOM}.unmixing.method:find_by_unmixing",
            (*_LENGTHS, "false_alarms", "step_fraction", "endmembers", "abundances"),
        ),
        DetectionMethod(
            "window",
            "sliding windows, each classified by the forest; slow",
            f"{_ROOM}.classified_windows:find_by_windows",
            (*_LENGTHS, "false_alarms"),
            needs_forest=True,
        ),
        DetectionMethod(
            "unet",
            "a small neural network (U-Net), taught on simulated micrographs",
            "napari_cdse.pipeline.unet_detection:find_by_unet",
            ("diameter_min_nm", "diameter_max_nm", "false_alarms"),
            needs_package="onnxruntime",
            extra="unet",
        ),
        DetectionMethod(
            "origin",
            "the pipeline of 2018 as it was, a baseline to compare with",
            f"{_ROOM}.unmixing.pipeline_2018:find_as_in_2018",
            ("seed",),
            needs_pixels=True,
        ),
    )
}
"""What each name of ``DetectionParams.method`` stands for, in the order shown."""

_BEST = ("both", "bragg")
"""Where nobody chooses, the first of them that can run: circles of ``both`` are right
at least as often as those of ``bragg``, and nearer to the particle (the table in
``docs/method.md``), but it needs a package that may be missing."""


def usual() -> str:
    """Name of the method that searches where nobody chose one, on this machine."""
    return next(name for name in _BEST if METHODS[name].missing() is None)


def names() -> tuple[str, ...]:
    """Names of all methods."""
    return tuple(METHODS)


def without_forest() -> tuple[str, ...]:
    """Names of the methods that ask no forest."""
    return tuple(name for name, method in METHODS.items() if not method.needs_forest)


def summaries() -> str:
    """Describe all methods in one line for the user."""
    return "; ".join(f"{name}: {method.summary}" for name, method in METHODS.items())
