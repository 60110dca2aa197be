"""Pictures of plain formats, and what they say of how they are to be shown."""
