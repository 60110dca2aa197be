"""The dock Retrain: training, comparison of forests, audits, studies."""
