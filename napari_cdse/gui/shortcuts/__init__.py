"""Keyboard shortcuts: registry, bindings, settings, and their list."""
