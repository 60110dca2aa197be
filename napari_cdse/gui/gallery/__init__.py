"""The dock Gallery: all particles of a project as pictures."""
