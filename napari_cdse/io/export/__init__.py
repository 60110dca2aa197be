"""Write results: tables, label files, figures, statistics, reports.

May import `io.images`, `io.labels` and `core`.
"""
