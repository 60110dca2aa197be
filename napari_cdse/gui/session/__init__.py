"""State of one window: viewer, project, signals, workers and messages."""
