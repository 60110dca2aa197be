"""Simulate one micrograph, and judge each of its dots.

`simulate` goes from a drawn scene to gray levels, mask and truth. What is visible of a
dot is judged with an image of the dot alone, and a defect by comparing that with images
of the nearest perfect crystals in the same outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.simulate import exposure, masks, truth
from napari_cdse.simulate.microscope.potential import library_version, scattering_factor
from napari_cdse.simulate.scene import draw_scene, on_grid
from napari_cdse.simulate.structure.crystal import cut
from napari_cdse.simulate.structure.stacking import nearest_perfect
from napari_cdse.simulate.truth import Defect
from napari_cdse.simulate.visibility import (
    Background,
    Look,
    background,
    defect_signal,
    look_at,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cdse.simulate.exposure import Patch, Slices
    from napari_cdse.simulate.microscope.potential import Factor
    from napari_cdse.simulate.params import Preset
    from napari_cdse.simulate.scene import Scene
    from napari_cdse.simulate.structure.dots import Dot


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated micrograph.

    Attributes
    ----------
    gray : ndarray of uint8, shape (rows, columns)
        Gray levels.
    contrast : ndarray of float32, shape (rows, columns)
        Counts, divided by their mean.
    mask : ndarray of uint8, shape (rows, columns)
        Number of the dot over each pixel; 0 for none.
    record : dict
        The truth, from `napari_cdse.simulate.truth.micrograph_record`.
    """

    gray: NDArray[np.uint8]
    contrast: NDArray[np.float32]
    mask: NDArray[np.uint8]
    record: dict[str, Any]


def simulate(
    preset: Preset, seed: int, index: int, factor: Factor = scattering_factor
) -> Simulated:
    """Simulate one micrograph; equal arguments give equal pixels.

    Parameters
    ----------
    preset : Preset
        Parameters and ranges from which the scene is drawn.
    seed, index : int
        Number of the series, and of the micrograph in it.
    factor : callable, optional
        Scattering factor by element and squared frequency; abTEM's by default.

    Returns
    -------
    Simulated

    Raises
    ------
    ParameterError
        If abTEM is missing.
    """
    scene = on_grid(draw_scene(preset, seed, index))
    patches = [exposure.patch_for(scene, dot) for dot in scene.dots]
    slices = [
        exposure.dot_slices(scene, patch, dot.crystal, factor)
        for patch, dot in zip(patches, scene.dots, strict=True)
    ]
    ready = list(zip(patches, slices, strict=True))
    image = exposure.expose(scene, exposure.whole_field(scene, ready, factor))
    prints = [
        _footprint(scene, dot, patch)
        for dot, patch in zip(scene.dots, patches, strict=True)
    ]
    mask = masks.instance_mask(prints, (image.shape[0], image.shape[1]))
    behind = background(image, mask > 0)
    dots = _dot_records(scene, ready, prints, behind, factor)
    limits = exposure.gray_limits(scene, image)
    spotted, outliers = exposure.add_outliers(scene, image)
    record = truth.micrograph_record(
        scene, behind, limits, outliers, dots, library_version()
    )
    return Simulated(_gray(spotted, limits), spotted, mask, record)


def _dot_records(
    scene: Scene,
    ready: list[tuple[Patch, Slices]],
    prints: list[masks.Footprint],
    behind: Background,
    factor: Factor,
) -> list[dict[str, Any]]:
    """Judge all dots, and make their records."""
    overlaps = masks.overlap_fractions(prints)
    records = []
    for number, dot in enumerate(scene.dots):
        offset = exposure.defocus_offset(scene, dot)
        records.append(
            truth.dot_record(
                number + 1,
                scene,
                dot,
                prints[number],
                overlaps[number],
                scene.lens.defocus + offset,
                _judge(scene, dot, ready[number], behind, offset, factor),
            )
        )
    return records


def _footprint(scene: Scene, dot: Dot, patch: Patch) -> masks.Footprint:
    return masks.footprint(
        dot.crystal.places_nm,
        scene.grid.pixel_size_nm,
        patch.size_px,
        (dot.y_px, dot.x_px),
    )


def _judge(
    scene: Scene,
    dot: Dot,
    ready: tuple[Patch, Slices],
    behind: Background,
    offset: float,
    factor: Factor,
) -> tuple[Look, Defect, truth.Verdict]:
    """Judge what is visible of a dot."""
    alone, outline = dot_picture(scene, dot, ready, offset)
    look = look_at(alone, outline, behind, scene.grid.pixel_size_nm, scene.preset.rule)
    defect = Defect()
    if dot.has_defect:
        defect = defect_seen(
            scene, dot, (ready[0], alone, outline), behind, offset, factor
        )
    return look, defect, truth.judge(look, defect, scene.preset.rule)


def dot_picture(
    scene: Scene, dot: Dot, ready: tuple[Patch, Slices], offset: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Compute the image of a dot alone, and its outline.

    Parameters
    ----------
    scene : Scene
        Lens and camera.
    dot : Dot
        The dot.
    ready : tuple of Patch and list of ndarray
        From `exposure.patch_for` and `exposure.dot_slices`.
    offset : float
        From `exposure.defocus_offset`, in nm.

    Returns
    -------
    alone : ndarray of float32, shape (size_px, size_px)
        Contrast.
    outline : ndarray of bool, shape (size_px, size_px)
    """
    patch, slices = ready
    alone = exposure.dot_alone(scene, patch, slices, offset)
    middle = (patch.size_px / 2, patch.size_px / 2)
    outline = masks.shadow(
        dot.crystal.places_nm, scene.grid.pixel_size_nm, patch.size_px, middle
    )
    return alone, outline


def defect_seen(
    scene: Scene,
    dot: Dot,
    picture: tuple[Patch, NDArray[np.float32], NDArray[np.bool_]],
    behind: Background,
    offset: float,
    factor: Factor,
) -> Defect:
    """Compare a dot's image with those of the nearest perfect stackings.

    Parameters
    ----------
    scene : Scene
        Lens and camera.
    dot : Dot
        A dot with a defect.
    picture : tuple of Patch, ndarray and ndarray
        Its patch, and the result of `dot_picture`.
    behind : Background
        Background of the micrograph.
    offset : float
        From `exposure.defocus_offset`, in nm.
    factor : callable
        Scattering factor by element and squared frequency.

    Returns
    -------
    Defect
        For the perfect stacking from which it differs least.
    """
    patch, alone, outline = picture
    twins = _perfect_twins(scene, dot, patch, offset, factor)
    signals = [defect_signal(alone, twin, outline, behind) for twin in twins]
    return Defect(*min(signals))


def _perfect_twins(
    scene: Scene, dot: Dot, patch: Patch, offset: float, factor: Factor
) -> list[NDArray[np.float32]]:
    """Compute images of the nearest perfect stackings in the same outline."""
    crystal = dot.crystal
    pictures = []
    for letters in nearest_perfect(crystal.stacking, crystal.layer_weights()):
        twin = cut(
            scene.preset.material,
            letters,
            dot.rotation,
            dot.outline,
            crystal.middle_nm,
        )
        slices = exposure.dot_slices(scene, patch, twin, factor)
        pictures.append(exposure.dot_alone(scene, patch, slices, offset))
    return pictures


def _gray(image: NDArray[np.float32], limits: tuple[float, float]) -> NDArray[np.uint8]:
    black, white = limits
    scaled = (image - black) / (white - black) * 255
    gray: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return gray
