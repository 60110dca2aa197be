"""The dock Gallery: all particles of a project as pictures.

`items` chooses and sorts the particles, `arrangement` keeps each in its place while it
is judged, `model` offers them to Qt, and `view` draws them. `dock` connects these with
the controls (`filters`), the keys (`key_actions`) and the project.
"""
