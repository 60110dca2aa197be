"""Read and write circles and classes in formats of other programs.

May import `io.labels`, `io.export`, `io.images` and `core`. Readers return the contents
of a file (`napari_cdse.io.annotations.shapes.AnnotationFile`), without regard to any
project; `napari_cdse.project.files.annotation_reading` matches them with one.
"""
