"""Model files, their archive and training arrays; may import `core` only."""
