"""Commands that simulate micrographs: simulate, visibility."""
