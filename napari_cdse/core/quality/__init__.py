"""What a micrograph's own spectrum says of its quality.

May import `core`'s root, `imaging` and what lies below it.
"""
