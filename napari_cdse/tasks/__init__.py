"""Work that the window runs in threads: analysis, training, thumbnails; without Qt.

May import `pipeline`, `io` and `core`.
"""
