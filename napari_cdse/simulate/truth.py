"""The true class of each dot, and the records of truth files.

The class follows from what is visible in the image (`judge`), not from the structure
that was built: a fault that cannot be seen is no visible defect.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_cdse import __version__
from napari_cdse.core.records import Circle

if TYPE_CHECKING:
    from napari_cdse.core.records import Label
    from napari_cdse.simulate.masks import Footprint
    from napari_cdse.simulate.params import Rule
    from napari_cdse.simulate.scene import Scene
    from napari_cdse.simulate.structure.dots import Dot
    from napari_cdse.simulate.visibility import Background, Look

_NEAR_RESOLVED = (0.7071, 1.4142)
"""Range of the second margin in which a dot is borderline: a factor of the square root
of 2 on either side. Chosen."""
_NEAR_DEFECT = (0.65, 1.5)
"""The same for the margin of a defect. Chosen."""
_LEAST_INSIDE = 0.5
"""Least fraction inside the micrograph of a dot that is listed in the label file.
Chosen."""


@dataclass(frozen=True, slots=True)
class Defect:
    """How strongly a defect changes a dot's image; zeros without a defect.

    Attributes
    ----------
    dprime, dprime_ideal : float
        d' of a non-prewhitening and of an ideal observer.
    changed : float
        Fraction of the image's energy that it changes.
    """

    dprime: float = 0.0
    dprime_ideal: float = 0.0
    changed: float = 0.0

    def margin(self, rule: Rule) -> float:
        """Return the visibility over its limit; at least 1 if it is visible."""
        return min(self.dprime / rule.d_defect, self.changed / rule.r_defect)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Class of a dot.

    Attributes
    ----------
    label : {"yes", "no", "null"}
        The class.
    visible, resolved : bool
        Whether the dot is visible at all, and whether it is resolved.
    borderline : bool
        Whether it is near a limit between classes.
    """

    label: Label
    visible: bool
    resolved: bool
    borderline: bool


def judge(look: Look, defect: Defect, rule: Rule) -> Verdict:
    """Classify a dot by the rule.

    A dot is resolved if two families of fringes that are not parallel stand out from
    the background, and visible if one nearly does, or its contrast as a whole.

    Parameters
    ----------
    look : Look
        What is visible of it.
    defect : Defect
        How strongly its defect changes the image.
    rule : Rule
        Limits of visibility.
    """
    resolved = look.second_margin >= 1
    visible = (
        look.first_margin >= rule.visible_margin
        or look.extra_variance >= rule.visible_variance
    )
    label: Label = "null"
    if resolved:
        label = "yes" if defect.margin(rule) >= 1 else "no"
    near = _between(look.second_margin, _NEAR_RESOLVED)
    near |= resolved and _between(defect.margin(rule), _NEAR_DEFECT)
    return Verdict(label, visible, resolved, near)


def dot_record(
    number: int,
    scene: Scene,
    dot: Dot,
    footprint: Footprint,
    overlap: float,
    defocus_nm: float,
    seen: tuple[Look, Defect, Verdict],
) -> dict[str, Any]:
    """Return the record of a dot.

    Parameters
    ----------
    number : int
        Its number in the mask.
    scene : Scene
        Of the micrograph.
    dot : Dot
        The dot.
    footprint : Footprint
        Its pixels.
    overlap : float
        Fraction of them that other dots cover.
    defocus_nm : float
        Defocus at the dot.
    seen : tuple of Look, Defect and Verdict
        What is visible of it.
    """
    look, defect, verdict = seen
    size = scene.grid.size_px
    row, col = footprint.centre
    visible_fraction = footprint.visible_fraction((size, size))
    inside = 0 <= row <= size - 1 and 0 <= col <= size - 1
    return {
        "id": number,
        "x": col,
        "y": row,
        "radius_px": round(footprint.radius_px),
        "radius_equiv_px": footprint.radius_px,
        "label": verdict.label,
        "listed": bool(
            verdict.visible and inside and visible_fraction >= _LEAST_INSIDE
        ),
        "visible": verdict.visible,
        "borderline": verdict.borderline,
        "cut_by_border": visible_fraction < 1,
        "visible_fraction": visible_fraction,
        "overlaps": overlap > 0,
        "overlap_fraction": overlap,
        "resolved": verdict.resolved,
        "first_margin": look.first_margin,
        "second_margin": look.second_margin,
        "extra_variance": look.extra_variance,
        "defect_dprime": defect.dprime,
        "defect_dprime_ideal": defect.dprime_ideal,
        "defect_changed": defect.changed,
        "families": [asdict(family) for family in look.families],
    } | _structure(dot, defocus_nm)


def micrograph_record(
    scene: Scene,
    behind: Background,
    gray: tuple[float, float],
    outliers: list[list[int]],
    dots: list[dict[str, Any]],
    abtem_version: str,
) -> dict[str, Any]:
    """Return the record of a micrograph.

    Parameters
    ----------
    scene : Scene
        What was drawn.
    behind : Background
        The measured background.
    gray : tuple of float
        Values that became the gray levels 0 and 255.
    outliers : list of [int, int]
        Column and row of each outlier.
    dots : list of dict
        From `dot_record`.
    abtem_version : str
        Version of abTEM, whose scattering factors were used.
    """
    lens = asdict(scene.lens) | {
        "dose": scene.dose_per_A2,
        "mtf": scene.mtf,
        "read_noise": scene.read_noise,
        "defocus_tilt_nm": scene.defocus_tilt_nm,
    }
    power = {
        "k_per_px": behind.k_per_px.tolist(),
        "psd": behind.power.tolist(),
        "windows": behind.windows,
    }
    return {
        "name": scene.name,
        "version": __version__,
        "abtem": abtem_version,
        "preset": scene.preset.name,
        "seed": scene.seed,
        "index": scene.index,
        "size": [scene.grid.size_px, scene.grid.size_px],
        "pixel_size_nm": scene.grid.pixel_size_nm,
        "carbon_nm": scene.carbon_nm,
        "residue_nm": scene.residue_nm,
        "beam_meets_first": "dots" if scene.dots_first else "carbon",
        "electrons_per_px": scene.electrons_per_px,
        "optics": lens,
        "outliers": outliers,
        "gray_black": gray[0],
        "gray_white": gray[1],
        "contrast_std": behind.rms,
        "background_psd": power,
        "rule": asdict(scene.preset.rule),
        "parameters": scene.preset.as_dict(),
        "dots": dots,
    }


def circle_of(record: dict[str, Any]) -> Circle:
    """Return the circle of a dot's record, as it is in the label file."""
    return Circle(record["y"], record["x"], record["radius_px"])


def _between(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value < limits[1]


def _structure(dot: Dot, defocus_nm: float) -> dict[str, Any]:
    return {
        "has_defect": dot.has_defect,
        "defect": dot.defect,
        "structure": "wz" if dot.hexagonal else "zb",
        "intent": dot.intent,
        "zone": dot.zone,
        "tilt_deg": dot.tilt_deg,
        "inplane_deg": dot.inplane_deg,
        "rotation": dot.rotation.tolist(),
        "stacking": dot.crystal.stacking,
        "diameter_nm": dot.diameter_nm,
        "height_nm": dot.height_nm,
        "n_atoms": len(dot.crystal.places_nm),
        "defocus_at_dot_nm": defocus_nm,
    }
