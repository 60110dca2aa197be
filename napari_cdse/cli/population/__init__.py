"""Commands that tell of populations: report, samples, compare, visibility and kappa."""
