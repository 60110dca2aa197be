"""A request for an edit, and the changes of particles that follow from it."""
