"""The layer of particles: circles as shapes, gestures as edits."""
