"""Field for a number that accepts point and comma, whatever the locale."""

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
"""Digits behind the mark that a field keeps: a millionth of a nm. What one types is
never rounded; zeros at the end are not shown."""
_REFUSED = "{} {{ border: 1px solid #e0543e; }}"
"""A red frame, seen on dark and light themes; the sentence says what is wrong."""


class DecimalField(QDoubleSpinBox):
    """A spin box that takes point and comma for decimal marks and drops no letter.

    Qt's own follows the language of the desktop: under German a typed point is dropped,
    and 0.018 becomes 18. Here whatever is typed stays to be seen. When it is no
    number, or out of range, the field says so and keeps its value; the refusal stands
    until something else is typed, so that no button takes the old value for the new.

    Signals
    -------
    refused(sentence)
        What was typed can't be read; empty when that is over.
    entered()
        Return was pressed on a number that can be read.
    """

    refused = Signal(str)
    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())
        # A number that is half typed is none yet.
        self.setKeyboardTracking(False)
        self.setDecimals(_DECIMALS)
        self._hint = ""
        self._sentence = ""
        self.lineEdit().textEdited.connect(self._judge)
        self.valueChanged.connect(lambda _value: self._refuse(""))

    @property
    def sentence(self) -> str:
        """Why what was typed last is refused; empty if it is not."""
        return self._sentence

    def setToolTip(self, text: str) -> None:
        """Keep the tooltip for when nothing is refused."""
        self._hint = text
        super().setToolTip(wrapped(self._sentence or text))

    def value(self) -> float:
        """Give the number that stands in the field, also while it is being typed.

        A button need not take the focus from the field, which would finish it: on a
        Mac none does.
        """
        typed = self.lineEdit().isModified() and not self.keyboardTracking()
        if typed and not self._sentence:
            self.interpretText()
        return super().value()

    def show_value(self, value: float) -> None:
        """Show a number in place of what stands in the field, or is being typed.

        Qt draws the field, and with it the window, anew also for the number that
        stands there already.
        """
        typed = self.lineEdit().isModified() or self._sentence
        if typed or round(value, self.decimals()) != super().value():
            self.setValue(value)

    def validate(self, text: str, position: int) -> tuple[Any, str, int]:
        """Let everything be typed; only what can be read is acceptable."""
        state = QValidator.State
        good = not self._problem(text)
        return (state.Acceptable if good else state.Intermediate), text, position

    def valueFromText(self, text: str) -> float:
        """Read the number; the value stays where it can't be read."""
        bare = self._bare(text)
        if self._is_special(bare):
            return self.minimum()
        try:
            return read_number(bare)
        except ParameterError:
            return super().value()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Return finish a number only; it would bring back the old one."""
        enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enters and self._problem(self.lineEdit().text()):
            event.accept()
            return
        super().keyPressEvent(event)
        if enters:
            self.entered.emit()

    def fixup(self, text: str) -> str:
        """Mend nothing: Qt's own takes out commas, and 1.000,5 becomes 1.0005."""
        return text

    def textFromValue(self, value: float) -> str:
        """Write a number with a point, without zeros that say nothing."""
        text = f"{value:.{self.decimals()}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def _is_special(self, bare: str) -> bool:
        return bool(self.specialValueText()) and bare == self.specialValueText()

    def _bare(self, text: str) -> str:
        bare = text.strip().removeprefix(self.prefix().strip())
        return bare.removesuffix(self.suffix().strip()).strip()

    def _problem(self, text: str) -> str:
        """Say why a text is refused; nothing if it is not."""
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

    def _judge(self, text: str) -> None:
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
    """A `DecimalField` for whole numbers, which says so where one types another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(0)


# magicgui hands out its Qt side of a widget by name; what that derives from takes any
# spin box.
_FloatSide: Any = use_app("qt").get_obj("FloatSpinBox")
_WholeSide: Any = use_app("qt").get_obj("SpinBox")


class _DecimalSide(_FloatSide):  # type: ignore[misc]  # known at run time only
    """What magicgui asks of a Qt widget, for a `DecimalField`."""

    def __init__(self, **options: Any) -> None:
        _FloatSide.__base__.__init__(self, DecimalField, **options)


class _WholeFieldSide(_WholeSide):  # type: ignore[misc]  # known at run time only
    """What magicgui asks of a Qt widget, for a `WholeField`."""

    def __init__(self, **options: Any) -> None:
        _WholeSide.__base__.__init__(self, WholeField, **options)

    def _post_get_hook(self, value: float) -> int:
        return round(value)


class DecimalWidget(RangedWidget[float]):
    """The magicgui widget of a `DecimalField`, for forms."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"widget_type": _DecimalSide})


class WholeWidget(RangedWidget[int]):
    """The magicgui widget of a `WholeField`, for forms."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"widget_type": _WholeFieldSide})
