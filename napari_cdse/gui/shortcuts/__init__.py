"""The keys: what they do, how they are changed, and their list."""
