"""The dock Endmembers: spectra and maps of the open micrograph's endmembers."""
