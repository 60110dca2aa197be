"""What saving and exporting did to a micrograph: frames, repeats, clipped contrast."""
