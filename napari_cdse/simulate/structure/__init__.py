"""Atoms of the dots: stacking sequences, lattices, outlines, positions.

May import `core` and `simulate.params`.
"""
