"""Entry points of the plugin, named in ``napari.yaml``, and of the command line.

`window` opens the window with its docks, `demo` the sample project; `commands` are the
entries of the menus; `readers` and `writers` are for files that napari opens and saves.
"""
