"""Unmix window spectra into endmembers, some of which are lattice."""
