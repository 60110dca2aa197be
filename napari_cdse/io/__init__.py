"""All reading and writing of files; may import `core` only.

A folder for each kind of file: `images`, `labels`, `annotations` (formats of other
programs), `models`, `store` (the project file), `export` (results). The modules beside
them are small files: caches, recent projects, error reports, materials. Errors become a
`CdseError` with one sentence; `files` opens and writes files safely for all of them.
"""
