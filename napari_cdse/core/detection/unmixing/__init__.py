"""Unmixing: window spectra as mixtures of endmembers, some of them lattice."""
