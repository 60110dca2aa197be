"""Population statistics: the visible-defect fraction, sizes, their intervals.

May import the records only.
"""
