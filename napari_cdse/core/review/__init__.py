"""Review queue, blind audits, and agreement of annotators.

May import `core.statistics` and the records.
"""
