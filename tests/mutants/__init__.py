"""Plant single mistakes in a part of the program and count those that its tests notice.

``make mutants PART=statistics`` records once which of the part's tests run which line,
draws mistakes by lot, and lets for each only those tests run that reach it, in a copy
of the project's tracked files and in a process forked from one that has the libraries
imported. The first test that fails, a crash or a hang ends it; a mistake that no test
reaches counts as one that nothing noticed. The same ``--seed`` draws the same mistakes.

A mistake that nothing can notice, since the changed program does the same, is listed
with its reason in ``equivalent.toml`` beside this file and not counted.
"""
