"""Pixels before any particle: preparation, background, whitening, sliding FFT, scale.

May import `core.crystal` and the records; nothing else of core but errors and arrays.
"""
