"""Files and the project store; no Qt, no napari."""
