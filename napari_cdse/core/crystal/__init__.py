"""What the lattice of one particle shows: peaks, planes, geometric phase.

May import `core.imaging` and the records.
"""
