"""Draw the figures of a population, of studies of a forest, and of an endmember.

Modules of this package draw on matplotlib's axes. They are called inside
`napari_cdse.io.export.figures.style.drawing`, which sets fonts and colours. Window,
files and report use the same functions.
"""
