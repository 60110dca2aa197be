"""Small pictures with marks over them, and the table of their Bragg peaks."""
