"""Simulate a series of micrographs on all cores; resume an interrupted one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.errors import MicrographError
from napari_cdse.core.process_pool import Died, in_order, processes
from napari_cdse.simulate.micrograph import simulate
from napari_cdse.simulate.microscope.potential import check_elements
from napari_cdse.simulate.writing import is_finished, make_folders, write_micrograph

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cdse.simulate.params import Preset


def simulate_series(
    out: Path, preset: Preset, seed: int, indices: Sequence[int], jobs: int = -1
) -> Iterator[str]:
    """Simulate micrographs and write them to a folder.

    Parameters
    ----------
    out : Path
        Folder; made when missing.
    preset : Preset
        What to simulate.
    seed : int
        Number of the series.
    indices : sequence of int
        Which micrographs of the series. Those already there are left alone.
    jobs : int, optional
        Processes; see `napari_cdse.core.process_pool.processes`.

    Yields
    ------
    str
        Name of each micrograph as it and those before it are finished.

    Raises
    ------
    ParameterError
        abTEM is missing, or an element is unknown.
    MicrographError
        The folder holds the same micrographs with other parameters, or cannot be
        written to; or one of them took its process with it.
    """
    material = preset.material
    anions = () if material.lattice == "fcc" else (material.anion,)
    check_elements(("C", material.cation, *anions))
    make_folders(out)
    todo = [
        index
        for index in indices
        if not is_finished(out, f"{preset.name}_{seed}_{index:04d}", preset)
    ]
    number = processes(jobs, len(todo))
    for made in in_order(partial(_make, out, preset, seed), todo, number):
        if isinstance(made, Died):
            raise MicrographError(
                f"The simulation of micrograph {made.item} ended with its whole "
                "process, perhaps for want of memory; try again with fewer --jobs: "
                "what is done is left alone."
            )
        yield made


@single_blas_thread()
def _make(out: Path, preset: Preset, seed: int, index: int) -> str:
    simulated = simulate(preset, seed, index)
    write_micrograph(out, simulated)
    name: str = simulated.record["name"]
    return name
