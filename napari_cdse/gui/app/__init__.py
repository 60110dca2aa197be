"""Entry points: the window, commands of the menus, readers, writers, sample data."""
