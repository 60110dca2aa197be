"""A small preset, and scattering factors that need no library."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.simulate.params import Dots, Field, Preset, Support

WEIGHTS = {"C": 0.25, "Cd": 0.9, "Se": 0.65}


def gaussian_factor(symbol, k2):
    """Scattering factor in nm of about the right strength and width."""
    return (WEIGHTS[symbol] * np.exp(-k2 / 6.0**2)).astype(np.float32)


@pytest.fixture
def factor():
    return gaussian_factor


@pytest.fixture(scope="session")
def small():
    """A preset whose micrographs take a second."""
    return replace(
        Preset(name="small"),
        field=Field(size_px=256, pixel_size_nm=(0.04, 0.04), dots=(2, 3)),
        dots=Dots(diameter_nm=(2.5, 3.5), diameter_mean_nm=3.0),
        support=Support(carbon_nm=(4.0, 4.0), residue_nm=(0.5, 0.5)),
    )
