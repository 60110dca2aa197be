"""Write results: tables, label files, summary, figures, reports.

May import `io.images`, `io.labels` and `core`. `results_folder.Results` writes the
results of a run into a folder; all of them are made of `particle_rows.ParticleRow`.
"""
