"""Tools on the canvas: draw a line, measure, leave out."""
