"""Opening a project file, finding moved micrographs, importing label files."""
