"""What the window does: open, detect, navigate, review, retrain."""
