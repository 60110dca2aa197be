"""Commands on populations: report, samples, compare, agreement."""
