"""Everything that reads or writes a file; may import `core` only."""
