"""Small Qt widgets without a project."""
