"""Controllers of the window: detection, navigation, review, retraining."""
