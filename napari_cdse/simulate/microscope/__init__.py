"""From atoms to a wave at the camera: potentials, multislice, lens.

May import `core`, `simulate.params` and `simulate.structure`.
"""
