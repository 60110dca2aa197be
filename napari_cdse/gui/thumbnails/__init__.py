"""Pictures of single particles: how they are fetched, framed and laid out."""
