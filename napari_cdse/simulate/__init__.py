"""Simulated micrographs with truth: atoms, multislice, lens, camera, and a rule.

Needs the extra ``simulate`` (ase, abTEM) for the scattering factors; all the rest
works without it.
"""

from napari_cdse.simulate.micrograph import Simulated, simulate
from napari_cdse.simulate.params import Preset
from napari_cdse.simulate.presets import NAMES, load_preset, preset_by_name
from napari_cdse.simulate.series import simulate_series

__all__ = [
    "NAMES",
    "Preset",
    "Simulated",
    "load_preset",
    "preset_by_name",
    "simulate",
    "simulate_series",
]
