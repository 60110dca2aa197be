"""All uses of private parts of napari and vispy, each with a public fallback.

Each use says what it is for and in which version it was seen. A newer napari may have
renamed or changed the part. Then the public fallback is used, which is slower with
hundreds of circles, and one notice says so (`parts`). No other folder may use private
names, nor derive from a class of napari or vispy; ``tests/test_architecture.py`` checks
that.

- `parts`: look up a private part, and give the notice if it is missing
- `shapes`: change single shapes of a layer, or several properties at once
- `shapes_layer`: the layer of particles, quick with hundreds of letters
- `particles_visual`, `rings`, `letters`: how that layer is drawn
- `window`: removed layers, napari's notice on PyQt5, keys of its menus
"""
