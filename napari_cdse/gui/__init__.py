"""The window: shows a project in napari and turns gestures into edits."""
