"""Requests for edits, and the changes of annotations that follow from them."""
