"""How a project comes into the window: by button, drop, file or open image."""
