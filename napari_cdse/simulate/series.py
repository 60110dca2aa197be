"""A series of simulated micrographs, on all cores, taken up where it was left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

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
        Processes; -1 for one on each core.

    Yields
    ------
    str
        Name of each micrograph as it is finished, in any order.

    Raises
    ------
    ParameterError
        abTEM is missing, or an element is unknown.
    MicrographError
        The folder holds the same micrographs with other parameters, or cannot be
        written to.
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
    tasks = (delayed(_make)(out, preset, seed, index) for index in todo)
    yield from Parallel(n_jobs=jobs, return_as="generator_unordered")(tasks)


def _make(out: Path, preset: Preset, seed: int, index: int) -> str:
    with threadpool_limits(limits=1):
        simulated = simulate(preset, seed, index)
    write_micrograph(out, simulated)
    name: str = simulated.record["name"]
    return name
