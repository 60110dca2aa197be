"""The micrograph on the canvas: napari's layers, circles, maps, colours."""
