"""Tools of a person: draw a line, measure, leave out, name samples."""
