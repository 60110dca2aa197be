"""Measure a micrograph's quality on its power spectrum.

May import `core`'s root, `imaging` and what lies below it.
"""
