"""Small Qt widgets that know no project."""
