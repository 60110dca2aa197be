"""Work that the window runs in threads, without Qt.

Each task is a generator: it takes copies of the project's data, or what is locked and
meant to be shared (the queue of thumbnails, the cache of features), and a `report`
callable for its progress, and yields its results. `gui.session.workers` runs it in a
thread and passes what it yields to the main thread; a report may raise `Cancelled`. May
import `project`, `pipeline`, `io` and `core`.
"""
