"""What goes into a project from other programs, and out of it for them."""
