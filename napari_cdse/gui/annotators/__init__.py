"""The dock Annotators: who labelled what, and where they differ."""
