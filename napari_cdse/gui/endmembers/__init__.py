"""Dock of the endmembers of the open micrograph."""
