"""Read and write label files, read truth files, and pair them with micrographs.

May import `io.images` and `core`.
"""
