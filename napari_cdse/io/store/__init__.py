"""The project file: an SQLite database of edits, detections and models.

May import `io.models` and `core`.
"""
