"""Read and write label and truth files, and pair them with micrographs.

May import `io.images` and `core`.
"""
