"""Fields for numbers that accept point and comma in any locale, also for magicgui."""

from __future__ import annotations

from typing import Any

from magicgui.application import use_app
from magicgui.widgets.bases import RangedWidget
from qtpy.QtCore import QLocale, Qt, Signal
from qtpy.QtGui import QKeyEvent, QValidator
from qtpy.QtWidgets import QDoubleSpinBox, QWidget

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.numbers import read_number
from napari_cdse.gui.widgets.layout import wrapped

_DECIMALS = 6
"""Most decimals of a field. A choice: a millionth of a nm. More are refused, not
rounded; zeros at the end are not shown."""
_REFUSED = "{} {{ border: 1px solid #e0543e; }}"
"""Style sheet of a field with an invalid number: a red frame, visible in all themes."""


class DecimalField(QDoubleSpinBox):
    """A spin box that accepts point and comma as decimal marks, and drops no character.

    Qt's own spin box follows the locale: in a German one, a typed point is dropped, and
    0.018 becomes 18. Here, all that is typed stays visible. If it is no number, or out
    of range, the field shows why and keeps its value, until something else is typed.

    Signals
    -------
    refused(sentence)
        The text is not valid; empty when it is valid again.
    entered()
        Return was pressed on a valid number.
    """

    refused = Signal(str)
    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())
        # The value changes when typing has ended.
        self.setKeyboardTracking(False)
        self.setDecimals(_DECIMALS)
        self._hint = ""
        self._sentence = ""
        self.lineEdit().textEdited.connect(self._check)
        self.valueChanged.connect(lambda _value: self._refuse(""))

    @property
    def sentence(self) -> str:
        """Why the text is refused; empty if it is valid."""
        return self._sentence

    def setToolTip(self, text: str) -> None:
        """Set the tooltip for a valid text."""
        self._hint = text
        super().setToolTip(wrapped(self._sentence or text))

    def value(self) -> float:
        """Return the number in the field, also while it is typed.

        On macOS, buttons do not take the focus, which would end the typing.
        """
        typed = self.lineEdit().isModified() and not self.keyboardTracking()
        if typed and not self._sentence:
            self.interpretText()
        return super().value()

    def show_value(self, value: float) -> None:
        """Show a number instead of the text in the field.

        Nothing is done for the number that is shown already, since Qt would draw the
        whole window again.
        """
        typed = self.lineEdit().isModified() or self._sentence
        if typed or round(value, self.decimals()) != super().value():
            self.setValue(value)

    def validate(self, text: str, position: int) -> tuple[Any, str, int]:
        """Let everything be typed; a valid number is acceptable."""
        state = QValidator.State
        is_valid = not self._problem(text)
        return (state.Acceptable if is_valid else state.Intermediate), text, position

    def valueFromText(self, text: str) -> float:
        """Read a number; the value stays if that is not possible."""
        bare = self._bare(text)
        if self._is_special(bare):
            return self.minimum()
        try:
            return read_number(bare)
        except ParameterError:
            return super().value()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ignore Return for invalid text, which Qt would replace by the old value."""
        enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enters and self._problem(self.lineEdit().text()):
            event.accept()
            return
        super().keyPressEvent(event)
        if enters:
            self.entered.emit()

    def fixup(self, text: str) -> str:
        """Return the text as it is; Qt would remove commas: 1.000,5 becomes 1.0005."""
        return text

    def textFromValue(self, value: float) -> str:
        """Write a number with a point, without zeros at the end."""
        text = f"{value:.{self.decimals()}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def _is_special(self, bare: str) -> bool:
        return bool(self.specialValueText()) and bare == self.specialValueText()

    def _bare(self, text: str) -> str:
        bare = text.strip().removeprefix(self.prefix().strip())
        return bare.removesuffix(self.suffix().strip()).strip()

    def _problem(self, text: str) -> str:
        """Return why a text is refused; empty if it is valid."""
        bare = self._bare(text)
        if self._is_special(bare):
            return ""
        try:
            value = read_number(bare)
        except ParameterError as error:
            return str(error)
        low, high = self.minimum(), self.maximum()
        if not low <= value <= high:
            return f"{bare} is not between {low:g} and {high:g}."
        step = 10.0 ** -self.decimals()
        if not self.decimals() and value != round(value):
            return f"{bare} is not a whole number."
        if abs(value - round(value, self.decimals())) > step * 1e-6:
            return f"{bare} has more digits than this field keeps ({step:g})."
        return ""

    def _check(self, text: str) -> None:
        self._refuse(self._problem(text))

    def _refuse(self, sentence: str) -> None:
        if sentence == self._sentence:
            return
        self._sentence = sentence
        super().setToolTip(wrapped(sentence or self._hint))
        name = type(self).__name__
        self.setStyleSheet(_REFUSED.format(name) if sentence else "")
        self.refused.emit(sentence)


class WholeField(DecimalField):
    """A `DecimalField` for whole numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(0)


# magicgui gives access to its Qt backend widgets by name; the base class of these
# accepts any spin box.
_FloatBackend: Any = use_app("qt").get_obj("FloatSpinBox")
_WholeBackend: Any = use_app("qt").get_obj("SpinBox")


class _DecimalFieldBackend(_FloatBackend):  # type: ignore[misc]  # known at run time only
    """The backend widget of a `DecimalField`, as magicgui requires it."""

    def __init__(self, **options: Any) -> None:
        _FloatBackend.__base__.__init__(self, DecimalField, **options)


class _WholeFieldBackend(_WholeBackend):  # type: ignore[misc]  # known at run time only
    """The backend widget of a `WholeField`, as magicgui requires it."""

    def __init__(self, **options: Any) -> None:
        _WholeBackend.__base__.__init__(self, WholeField, **options)

    def _post_get_hook(self, value: float) -> int:
        return round(value)


class DecimalWidget(RangedWidget[float]):
    """The magicgui widget of a `DecimalField`, for forms."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"widget_type": _DecimalFieldBackend})


class WholeWidget(RangedWidget[int]):
    """The magicgui widget of a `WholeField`, for forms."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"widget_type": _WholeFieldBackend})
