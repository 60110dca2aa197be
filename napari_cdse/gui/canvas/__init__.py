"""The micrograph on the canvas: napari's layers, circles, maps, colours.

`micrograph_view` is what the rest of the window uses. It reads a micrograph
(`micrograph_reader`, `prefetch`), shows it in layers (`layers`, with `camera`,
`map_layers` and `layer_stack`), and connects the layer of particles (`particles`) with
the project.
"""
