"""What the window does: detect, navigate, review, retrain."""
