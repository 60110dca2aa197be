"""Evaluate forests: held-out scores, comparison, tuning, learning curves.

May import `core.classifier`, `core.features`, `core.statistics`, `core.detection`,
`core.imaging` and the records.
"""
