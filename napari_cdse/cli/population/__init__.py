"""Commands on populations: report, samples, compare, visibility, agreement."""
