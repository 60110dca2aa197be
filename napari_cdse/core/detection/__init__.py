"""From a micrograph to circles: methods by name, maps, templates, fits, false alarms.

May import `core.imaging`, `core.crystal` and the records.
"""
