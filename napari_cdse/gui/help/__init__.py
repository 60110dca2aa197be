"""The Help menu: guide, keys, a problem to report, how to cite, about."""
