"""Read micrograph files: formats, pixel size, folders, fingerprints.

May import `core` only.
"""
