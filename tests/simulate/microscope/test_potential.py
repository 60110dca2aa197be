"""Phases of atoms and carbon; against abTEM where it is installed."""

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.simulate.microscope import potential
from napari_cdse.simulate.microscope.multislice import exit_spectrum
from napari_cdse.simulate.microscope.optics import mass_ratio, wavelength_nm
from napari_cdse.simulate.params import Material, Support
from napari_cdse.simulate.structure.crystal import Crystal

SIZE, STEP = 96, 0.03


def atoms(*places, surface=False):
    count = len(places)
    return Crystal(
        np.array(places, float),
        np.zeros(count, bool),
        np.full(count, surface),
        np.zeros(count, int),
        "A",
        0.0,
    )


def test_an_atom_puts_its_whole_phase_at_its_place(factor):
    phases = potential.DotPhases(Material(), SIZE, STEP, 300.0, factor)
    (phase,) = phases.slices(atoms((0.3, -0.45, 0.0)))
    row, col = np.unravel_index(phase.argmax(), phase.shape)
    assert (row, col) == (SIZE // 2 - 15, SIZE // 2 + 10)
    expected = 0.9 * wavelength_nm(300) * mass_ratio(300)
    assert phase.sum() * STEP**2 == pytest.approx(expected, rel=1e-4)


def test_surface_atoms_are_smeared(factor):
    phases = potential.DotPhases(Material(), SIZE, STEP, 300.0, factor)
    (bulk,) = phases.slices(atoms((0, 0, 0)))
    (surface,) = phases.slices(atoms((0, 0, 0), surface=True))
    assert surface.max() < 0.95 * bulk.max()
    assert surface.sum() == pytest.approx(bulk.sum(), rel=1e-3)


def test_slices_follow_the_beam(factor):
    phases = potential.DotPhases(Material(), SIZE, STEP, 300.0, factor)
    slices = phases.slices(atoms((0, 0, -0.6), (0.9, 0, 0.6)))
    assert len(slices) == 3
    assert slices[0].argmax() % SIZE == SIZE // 2
    assert slices[1].max() < 1e-5
    assert slices[2].argmax() % SIZE == SIZE // 2 + 30


def test_carbon_has_the_power_of_its_atoms(factor):
    support = replace(
        Support(), plateau=1.0, coarse=0.0, hole=0.0, peak=0.0, rms_nm=0.0
    )
    rng = np.random.default_rng(0)
    slices = list(
        potential.carbon_slices(rng, support, 6.0, (256, 256), STEP, 300.0, factor)
    )
    assert [thickness for _, thickness in slices] == pytest.approx([2.0] * 3)
    total = sum(phase for phase, _ in slices)
    power = np.abs(np.fft.fft2(total)) ** 2 / total.size * STEP**2
    k = np.hypot(*np.meshgrid(*[np.fft.fftfreq(256, STEP)] * 2))
    weight = 0.25 * np.exp(-(k**2) / 36) * wavelength_nm(300) * mass_ratio(300)
    for low, high in ((1, 2), (3, 4), (6, 7)):
        ring = (k > low) & (k < high)
        expected = (600 * weight**2)[ring].mean()
        assert power[ring].mean() == pytest.approx(expected, rel=0.1)


def test_carbon_peaks_where_it_is_told():
    k2 = np.linspace(0, 9, 400, dtype=np.float32) ** 2
    factor = potential.structure_factor(Support(), k2)
    beyond = k2 > 9
    assert math.sqrt(k2[beyond][factor[beyond].argmax()]) == pytest.approx(4.5, abs=0.2)
    assert factor.min() > 0


def test_says_how_to_install_what_is_missing(monkeypatch):
    def missing(name):
        raise ImportError(name)

    potential._table.cache_clear()
    monkeypatch.setattr(potential.importlib, "import_module", missing)
    with pytest.raises(ParameterError, match=r"pip install 'napari-cdse\[simulate\]'"):
        potential.check_elements(("C",))


def test_a_single_atom_agrees_with_abtem():
    abtem = pytest.importorskip("abtem", reason="abTEM is an extra: [simulate]")
    ase = pytest.importorskip("ase", reason="ase is an extra: [simulate]")
    edge = SIZE * STEP * 10
    cell = ase.Atoms("Cd", [(edge / 2, edge / 2, 2)], cell=(edge, edge, 4))
    theirs = abtem.Potential(
        cell, gpts=SIZE, slice_thickness=4, projection="infinite"
    ).build(lazy=False)
    wave = abtem.PlaneWave(energy=300e3).multislice(theirs, lazy=False).array
    still = replace(Material(), bulk_rms_nm=0.0)
    mine = potential.DotPhases(still, SIZE, STEP, 300.0).slices(atoms((0, 0, 0)))
    spectrum = exit_spectrum([(mine[0], 0.4)], (SIZE, SIZE), STEP, 300.0)
    ours = np.fft.ifft2(spectrum)
    assert np.angle(ours).max() == pytest.approx(np.angle(wave).max(), rel=0.05)
    low = np.s_[:12, :12]
    theirs_low = np.fft.fft2(np.asarray(wave))[low]
    difference = np.abs(np.fft.fft2(ours)[low] - theirs_low)
    assert difference.max() < 0.02 * np.abs(theirs_low[0, 1])


def test_elements_are_checked():
    pytest.importorskip("abtem", reason="abTEM is an extra: [simulate]")
    potential.check_elements(("C", "Cd", "Se", "Pb"))
    with pytest.raises(ParameterError, match="'Xy' is no chemical element"):
        potential.check_elements(("Xy",))
