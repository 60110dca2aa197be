"""Read and write circles and classes in formats of other programs.

May import `io.labels`, `io.export`, `io.images` and `core`. What is read is what a
file says, see `napari_cdse.io.annotations.shapes`; nothing here knows a project.
"""
