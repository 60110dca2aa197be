"""Viewer, project, signals and workers of one window; no controllers."""
