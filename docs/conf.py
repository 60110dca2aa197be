"""How Sphinx builds the guide: ``make docs``, and each wheel for itself."""

project = "napari-cdse"
author = "The napari-cdse developers"
extensions = ["myst_parser"]
# For those who work on the program, not with it.
exclude_patterns = ["architecture.md", "_build"]
myst_heading_anchors = 3
# The commands' two dashes stay two dashes.
smartquotes = False
suppress_warnings = []
nitpicky = True

html_theme = "furo"
html_title = "napari-cdse"
html_static_path = ["static"]
html_css_files = ["guide.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": False}
