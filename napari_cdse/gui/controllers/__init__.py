"""Controllers of the window: what keys and buttons do, without widgets of their own.

Each is built by the workspace with the session, the canvas and the other controllers
that it calls.
"""
