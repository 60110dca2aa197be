"""Read and write model files and training sets; may import `core` only."""
