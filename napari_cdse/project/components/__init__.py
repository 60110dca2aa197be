"""The components of a project, one subject each."""
