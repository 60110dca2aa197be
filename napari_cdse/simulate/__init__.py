"""Simulate micrographs of quantum dots on carbon, with the truth about each dot.

`scene` draws what a micrograph shows, `structure` the atoms of its dots; `microscope`
computes the electron wave and its image, `exposure` the camera's counts. `visibility`
measures what is visible of each dot, and `truth` derives its class from that by a rule.
`series` and `writing` make folders of labelled data, `fault_visibility` a table for the
estimate of the defect content.

The extra ``simulate`` (ase, abTEM) is needed for scattering factors only.
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
