"""Atoms of the dots: stacking sequences, lattices, outlines, where they lie.

May import `core` and `simulate.params`.
"""
