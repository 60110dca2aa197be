"""Read PNG, JPEG and BMP images, and the orientation noted in them."""
