"""Label and truth files, and which belongs to which micrograph.

May import `io.images` and `core`.
"""
