"""Open projects: by button, drop, file or open image.

`opening` has the ways to begin; `file_drops` and `incoming_files` decide what is done
with files; `open_project` asks the user where there is a choice.
"""
