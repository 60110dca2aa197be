"""What is in memory of a project: particles, micrographs, models, audit plan."""
