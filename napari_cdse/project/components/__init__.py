"""The parts that a project is made of, one subject each."""
