"""The dock Spectrum: power spectrum of a movable square of the micrograph."""
