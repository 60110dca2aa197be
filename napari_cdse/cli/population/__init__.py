"""Commands that tell of populations: report, comparison, agreement."""
