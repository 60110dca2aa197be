"""Pixels before any particle: preparation, background, whitening, sliding FFT, scale.

May import the records only.
"""
