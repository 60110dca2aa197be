"""Read PNG, JPEG and BMP pictures, and their orientation."""
