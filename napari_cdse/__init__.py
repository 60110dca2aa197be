"""Find, classify and review CdSe quantum dots in HRTEM micrographs."""

__version__ = "0.1.0"
