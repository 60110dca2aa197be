"""Simulate a series of micrographs in several processes, and resume it."""

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
        Folder; created if it is missing.
    preset : Preset
        Parameters of the series.
    seed : int
        Number of the series.
    indices : sequence of int
        Numbers of the micrographs in the series. Existing ones are skipped.
    jobs : int, optional
        Processes; see `napari_cdse.core.process_pool.processes`.

    Yields
    ------
    str
        Name of each new micrograph, in order.

    Raises
    ------
    ParameterError
        If abTEM is missing, or an element is unknown.
    CdseError
        If the folder cannot be written, or holds the same micrographs with other
        parameters.
    MicrographError
        If a process died.
    """
    material = preset.material
    anions = () if material.lattice == "fcc" else (material.anion,)
    check_elements(("C", material.cation, *anions))
    make_folders(out)
    remaining = [
        index
        for index in indices
        if not is_finished(out, f"{preset.name}_{seed}_{index:04d}", preset)
    ]
    number = processes(jobs, len(remaining))
    for result in in_order(partial(_make, out, preset, seed), remaining, number):
        if isinstance(result, Died):
            raise MicrographError(
                f"The simulation of micrograph {result.item} ended with its whole "
                "process, perhaps for want of memory; try again with fewer --jobs: "
                "what is done is left alone."
            )
        yield result


@single_blas_thread()
def _make(out: Path, preset: Preset, seed: int, index: int) -> str:
    simulated = simulate(preset, seed, index)
    write_micrograph(out, simulated)
    name: str = simulated.record["name"]
    return name
