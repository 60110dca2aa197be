"""All reading and writing of files; may import `core` only."""
