"""Keyboard shortcuts.

`registry` lists them with their usual keys, `resolution` puts the user's keys in place
of those, and `settings` keeps the result up to date with napari's Preferences.
`bindings` binds the keys on viewer and layers, `key_events` forwards them from other
widgets to the canvas, and `dialog` lists them.
"""
