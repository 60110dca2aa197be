"""Commands that import annotations into a project and export results from it."""
