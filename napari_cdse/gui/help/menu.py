"""Our part of napari's Help menu.

A plugin's manifest can't add entries to that menu. So they are added to the window's
attribute `help_menu`, which napari documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QMenu

from napari_cdse import __version__
from napari_cdse.gui.help.citation import LICENCE, NAME, bibtex, citation
from napari_cdse.gui.help.problem_dialog import ProblemDialog
from napari_cdse.gui.help.text_dialog import TextDialog
from napari_cdse.gui.session.plain_text import plain
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.dialogs import tell
from napari_cdse.io.problem_message import versions
from napari_cdse.resources import guide_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QMessageBox

    from napari_cdse.gui.session.session import Session

_ABOUT = (
    "Finds CdSe quantum dots in HRTEM micrographs, says of each whether a defect is "
    "visible, learns from corrections, and tells the fraction with its interval."
)
_CITE = (
    "Name the program and its version. The guide, under How to cite, names what it "
    "stands on as well."
)
_NO_BROWSER = "No program was found that opens {}; open it in a browser."


class HelpMenu(QObject):
    """Entries for the guide, keys, a problem report, citation, and about.

    Parameters
    ----------
    session : Session
    show_keys : callable
        Shows the list of keys.

    Attributes
    ----------
    menu : QMenu
    """

    def __init__(self, session: Session, show_keys: Callable[[], None]) -> None:
        super().__init__(session)
        self._session = session
        self.menu = QMenu("CdSe quantum dots", main_window(session.viewer))
        self.menu.setToolTipsVisible(True)
        for words, tip, act in (
            ("Guide", "Opens in the browser; no network is needed", self.show_guide),
            ("Keys", "The list of keys, as they are set now", show_keys),
            (
                "Report a problem\u2026",
                "Versions and the last report, to copy into a message",
                self.report_problem,
            ),
            ("How to cite\u2026", "A line for the references, and BibTeX", self.cite),
            ("About\u2026", "Version and licence", self.show_about),
        ):
            action = self.menu.addAction(words)
            action.setToolTip(plain(tip))
            action.triggered.connect(lambda _on=False, do=act: do())
        self._place()
        # napari rebuilds its menu when plugins are added or removed.
        session.open_viewer.window.help_menu.aboutToShow.connect(self._place)

    def _place(self) -> None:
        """Insert our menu at the top of napari's, if it is missing."""
        help_menu = self._session.open_viewer.window.help_menu
        action = self.menu.menuAction()
        first = next(iter(help_menu.actions()), None)
        if action not in help_menu.actions():
            help_menu.insertAction(first, action)

    def show_guide(self, page: str = "index") -> None:
        """Open a page of the guide in the browser."""
        with self._session.reporting_errors():
            path = guide_page(page)
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
                self._session.warn(_NO_BROWSER.format(path))

    def report_problem(self) -> ProblemDialog:
        """Show a report that can be sent if something went wrong."""
        dialog = ProblemDialog(main_window(self._session.viewer))
        dialog.show()
        return dialog

    def cite(self) -> TextDialog:
        """Show how to cite the program."""
        dialog = TextDialog("How to cite", _CITE, main_window(self._session.viewer))
        dialog.show_text(f"{citation()}\n\n{bibtex()}")
        dialog.add_copy_button("Copy the line", "For a list of references", citation)
        dialog.add_copy_button("Copy BibTeX", "For a reference manager", bibtex)
        dialog.show()
        return dialog

    def show_about(self) -> QMessageBox:
        """Show version and licence."""
        libraries = ", ".join(versions()[1:])
        return tell(
            main_window(self._session.viewer),
            f"About {NAME}",
            f"{NAME} {__version__}, {LICENCE}",
            f"{_ABOUT}\n\n{libraries}",
        )
