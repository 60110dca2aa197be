"""Open project files, find moved micrographs, import label files."""
