"""Results for others: tables, label files, figures, statistics.

May import `io.images`, `io.labels` and `core`.
"""
