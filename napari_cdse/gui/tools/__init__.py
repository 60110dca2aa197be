"""Tools for the canvas: draw a line, measure, leave out, name samples.

`active_tool` is the slot for the one tool in use; `line_tool` and `region_tool` draw in
a layer of their own (`tool_layer`). `measure`, `exclude` and `samples` do what buttons
and keys ask for, with a dialog each.
"""
