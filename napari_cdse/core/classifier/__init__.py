"""The random forest: training set, copies, trees, calibrated probabilities, novelty.

May import `core.imaging`, `core.crystal`, `core.features` and the records; nothing else
of core.
"""
