"""Qt widgets for all docks, which know no project: fields, rows, tables, layouts."""
