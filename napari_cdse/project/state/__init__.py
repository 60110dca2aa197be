"""A project's state in memory: particles, micrographs, models, audit plan."""
