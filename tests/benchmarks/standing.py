"""Starts a window, ours or napari's alone, and says when it stands: ``hour`` runs it.

``python -m tests.benchmarks.standing napari-cdse`` prints the clock and the processor
time of the process at the moment when the canvas has been drawn and Qt has nothing
more to do; then it ends.
"""

import json
import sys
import time


def main() -> None:
    viewer = _OPENED[sys.argv[1]]()
    # Here, since what is measured includes the first import of each.
    from qtpy.QtCore import QEvent, QObject, QTimer
    from qtpy.QtWidgets import QApplication, QWidget

    centre = viewer.window.main_menu.window().centralWidget()
    canvas = next(
        one for one in centre.findChildren(QWidget) if one.inherits("QOpenGLWidget")
    )

    def say() -> None:
        print(json.dumps([time.time(), time.process_time()]), flush=True)
        QApplication.exit()

    class FirstPicture(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                canvas.removeEventFilter(self)
                # Qt comes to a timer of no time when all that waits is done.
                QTimer.singleShot(0, say)
            return False

    watch = FirstPicture()
    canvas.installEventFilter(watch)
    canvas.update()
    QApplication.exec()


def _ours():
    from napari_cdse.cli import build_parser
    from napari_cdse.gui.app.window import open_window

    build_parser(())
    return open_window()


def _napari():
    import napari

    return napari.Viewer()


_OPENED = {"napari-cdse": _ours, "napari": _napari}


if __name__ == "__main__":
    main()
