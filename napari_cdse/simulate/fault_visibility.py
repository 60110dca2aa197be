"""Simulate how often faults are visible, by kind, orientation and optics.

In simulated micrographs for training most faults are edge-on, so that far more of them
are visible than in a sample. Here the orientation of a dot does not depend on its
fault: some dots are near any close-packed row, the others anywhere else. A few dots of
each kind are drawn under each of many settings of the microscope, and judged by the
rule that gives simulated dots their classes (`napari_cdse.simulate.truth.judge`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cdse import __version__
from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.process_pool import Died, in_order, processes
from napari_cdse.core.statistics.defect_content import SeenDot, VisibilityTable
from napari_cdse.simulate import exposure
from napari_cdse.simulate.micrograph import defect_seen, dot_picture
from napari_cdse.simulate.microscope.potential import check_elements, scattering_factor
from napari_cdse.simulate.scene import draw_scene
from napari_cdse.simulate.structure import stacking
from napari_cdse.simulate.structure.dots import dot_of_kind
from napari_cdse.simulate.truth import Defect, judge
from napari_cdse.simulate.visibility import background, look_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cdse.core.progress import Progress
    from napari_cdse.simulate.microscope.potential import Factor
    from napari_cdse.simulate.params import Material, Preset
    from napari_cdse.simulate.scene import Scene
    from napari_cdse.simulate.structure.dots import Dot
    from napari_cdse.simulate.visibility import Background

SETTINGS = 40
"""Number of settings of the microscope. Chosen: the visible fraction varies between
settings about as much as between dots, so that more settings help more than more
dots."""

ALIGNED = 2
"""Dots near a close-packed row, for each kind of fault and setting; twice as many for
each host without a fault. Chosen."""

OTHERWISE = 1
"""The same for dots of other orientations. Chosen."""

_FIELD_PX = 512
"""Edge in px of the field without dots in which the background is measured. Chosen."""


def fault_visibility(
    preset: Preset,
    seed: int = 0,
    settings: int = SETTINGS,
    jobs: int = -1,
    progress: Progress | None = None,
) -> VisibilityTable:
    """Simulate dots with and without faults, and judge what is visible of them.

    Parameters
    ----------
    preset : Preset
        Microscope, support, material, sizes, and the rule.
    seed : int, optional
        Number of the series; equal ones give equal tables.
    settings : int, optional
        Number of settings of the microscope.
    jobs : int, optional
        Processes; see `napari_cdse.core.process_pool.processes`.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    VisibilityTable

    Raises
    ------
    ParameterError
        If abTEM is missing, an element is unknown, or a process died.
    """
    material = preset.material
    anions = () if material.lattice == "fcc" else (material.anion,)
    check_elements(("C", material.cation, *anions))
    dots: list[SeenDot] = []
    work = partial(_of_setting, preset, seed)
    results = in_order(work, list(range(settings)), processes(jobs, settings))
    for number, result in enumerate(results, 1):
        if isinstance(result, Died):
            raise ParameterError(
                "The simulation ended with its whole process, perhaps for want of "
                "memory; try again with fewer --jobs."
            )
        dots.extend(result)
        if progress is not None:
            progress(number / settings)
    return VisibilityTable(
        preset=preset.name,
        material=material.name,
        program=f"napari-cdse {__version__}",
        seed=seed,
        pixel_size_nm=preset.field.pixel_size_nm,
        diameter_nm=preset.dots.diameter_nm,
        near_axis_deg=preset.dots.tilt_deg,
        kinds=kinds_of(material),
        hosts=hosts_of(material),
        parameters=preset.as_dict(),
        dots=tuple(dots),
    )


def kinds_of(material: Material) -> dict[str, float]:
    """Return the fraction of each kind among all faults, as the simulator draws them.

    Parameters
    ----------
    material : Material
        Its lattice, and its share of wurtzite.

    Returns
    -------
    dict of str to float
        By ``host: kind``, with sum 1.
    """
    faults = {
        "cubic": zip(stacking.CUBIC_DEFECTS, stacking.CUBIC_WEIGHTS, strict=True),
        "hexagonal": zip(
            stacking.HEXAGONAL_DEFECTS, stacking.HEXAGONAL_WEIGHTS, strict=True
        ),
    }
    return {
        f"{host}: {name}": share * part
        for host, share in hosts_of(material).items()
        for name, part in faults[host]
    }


def hosts_of(material: Material) -> dict[str, float]:
    """Return the fractions of cubic (zinc blende) and hexagonal (wurtzite) dots.

    Parameters
    ----------
    material : Material
        Its lattice, and its share of wurtzite.

    Returns
    -------
    dict of str to float
        By host, with sum 1.
    """
    if material.lattice != "tetrahedral":
        return {"cubic": 1.0}
    share = material.hexagonal_share
    return {"cubic": 1 - share, "hexagonal": share}


@single_blas_thread()
def _of_setting(
    preset: Preset, seed: int, index: int, factor: Factor = scattering_factor
) -> list[SeenDot]:
    """Judge the dots under one setting of the microscope."""
    bare = replace(
        preset,
        field=replace(preset.field, size_px=_FIELD_PX, dots=(0, 0), empty_share=1.0),
    )
    scene = draw_scene(bare, seed, index)
    image = exposure.expose(scene, exposure.whole_field(scene, [], factor))
    behind = background(image, np.zeros(image.shape, bool))
    dots = list(_dots(scene))
    filled = replace(scene, dots=tuple(each.dot for each in dots))
    return [_seen(filled, each, behind, factor) for each in dots]


class _DrawnDot(NamedTuple):
    """A dot, its kind (``host: fault``), and whether it is near a close-packed row."""

    kind: str
    aligned: bool
    dot: Dot


def _dots(scene: Scene) -> Iterator[_DrawnDot]:
    """Draw the dots of one setting."""
    rng, material = scene.stream("visibility"), scene.preset.material
    kinds = [*kinds_of(material)]
    kinds += 2 * [f"{host}: {stacking.PERFECT}" for host in hosts_of(material)]
    for aligned, count in ((True, ALIGNED), (False, OTHERWISE)):
        for kind in kinds * count:
            host, _, fault = kind.partition(": ")
            x, y = rng.uniform(0, scene.grid.size_px, 2)
            place, hexagonal = (float(x), float(y)), host == "hexagonal"
            dot = dot_of_kind(rng, scene.preset, place, fault, hexagonal, aligned)
            # The outline may have cut the fault off, which changes the kind.
            yield _DrawnDot(f"{host}: {dot.defect}", aligned, dot)


def _seen(
    scene: Scene, drawn: _DrawnDot, behind: Background, factor: Factor
) -> SeenDot:
    """Judge what is visible of one dot."""
    kind, aligned, dot = drawn
    patch = exposure.patch_for(scene, dot)
    slices = exposure.dot_slices(scene, patch, dot.crystal, factor)
    offset = exposure.defocus_offset(scene, dot)
    alone, outline = dot_picture(scene, dot, (patch, slices), offset)
    rule, pixel = scene.preset.rule, scene.grid.pixel_size_nm
    look = look_at(alone, outline, behind, pixel, rule)
    defect = Defect()
    # This takes two more images; the fault of a dot that is not resolved never shows.
    if dot.has_defect and look.second_margin >= 1:
        picture = (patch, alone, outline)
        defect = defect_seen(scene, dot, picture, behind, offset, factor)
    verdict = judge(look, defect, rule)
    return SeenDot(
        scene.index,
        kind,
        round(dot.diameter_nm, 3),
        aligned=aligned,
        seen=verdict.visible,
        resolved=verdict.resolved,
        shown=verdict.label == "yes",
    )
