"""Open projects: by button, drop, file or open image."""
