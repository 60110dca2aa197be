"""Thumbnails of particles: how they are fetched, framed and laid out."""
