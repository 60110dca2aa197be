"""The project file: an SQLite database of edits, detections and models.

May import `io.models` and `core`. `store.Store` is an open project file. It is made of
tables (`edits`, `results`, `draws`, `micrograph_changes`) over one `database.Database`,
which has the connection and its transactions. `migrations` has the schema.
"""
