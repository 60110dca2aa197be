"""The dock Spectrum: the frequencies of any square of the micrograph, live."""
