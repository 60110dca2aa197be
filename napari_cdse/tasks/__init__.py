"""What runs in threads for the window: analysis, training, thumbnails; knows no Qt.

May import `pipeline`, `io` and `core`.
"""
