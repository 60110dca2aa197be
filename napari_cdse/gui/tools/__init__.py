"""Tools for the canvas: draw a line, measure, leave out, name samples."""
