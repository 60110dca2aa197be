"""The dock Micrographs: the table of micrographs, detection, pixel size and export.

`dock` lays the parts out and connects them. `table_model` and `sorted_micrographs` are
the table; each `*_row` is a line of controls below it; `export_button` and
`results_dialog` export.
"""
