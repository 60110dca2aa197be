"""The dock Micrographs: the table, pixel size, export, undo."""
