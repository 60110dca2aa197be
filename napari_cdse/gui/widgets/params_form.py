"""A form for the fields of a class of parameters, made from their descriptions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from magicgui.widgets import Container, create_widget

from napari_cdse.core.params import DetectionParams, ForestParams, describe
from napari_cdse.gui.widgets.decimal_field import DecimalWidget, WholeWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_cdse.core.params import ParameterInfo

P = TypeVar("P", DetectionParams, ForestParams)


class ParamsForm(Generic[P]):
    """Widgets for the fields of one parameters class.

    Parameters
    ----------
    params : DetectionParams or ForestParams
        Values shown at first.
    names : iterable of str, optional
        Fields to show, all by default; the others keep their values.
    """

    def __init__(self, params: P, names: Iterable[str] | None = None) -> None:
        self._params: P = params
        chosen = None if names is None else set(names)
        self._infos = [
            info for info in describe(params) if chosen is None or info.name in chosen
        ]
        self._container = Container(widgets=[self._widget(i) for i in self._infos])
        self._container.margins = (0, 0, 0, 0)

    @property
    def native(self) -> Any:
        """The Qt widget."""
        return self._container.native

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call a function when a value changes."""
        self._container.changed.connect(lambda _container: callback())

    def widget(self, name: str) -> Any:
        """Return the magicgui widget of one field."""
        return self._container[name]

    def value(self) -> P:
        """Return the parameters that the form shows.

        Raises
        ------
        ParameterError
            If two of them do not fit together.
        """
        shown = {info.name: self._container[info.name].value for info in self._infos}
        return replace(self._params, **shown)

    def set_value(self, params: P) -> None:
        """Show other parameters."""
        self._params = params
        with self._container.changed.blocked():
            for info in self._infos:
                self._container[info.name].value = getattr(params, info.name)

    def _widget(self, info: ParameterInfo) -> Any:
        unit = f" ({info.unit})" if info.unit else ""
        return create_widget(
            value=getattr(self._params, info.name),
            annotation=None if info.choices else type(info.default),
            name=info.name,
            label=f"{info.label}{unit}",
            options=_options(info),
        )


def _options(info: ParameterInfo) -> dict[str, Any]:
    options: dict[str, Any] = {"tooltip": info.help}
    if info.choices:
        return options | {"choices": list(info.choices)}
    if info.minimum is not None and info.maximum is not None:
        options |= {"min": info.minimum, "max": info.maximum}
    if isinstance(info.default, float):
        return options | {"step": _step(info), "widget_type": DecimalWidget}
    if isinstance(info.default, int) and not isinstance(info.default, bool):
        return options | {"widget_type": WholeWidget}
    return options


def _step(info: ParameterInfo) -> float:
    """Return a round step of about a twentieth of the default value."""
    for step in (0.01, 0.05, 0.1, 0.25, 0.5):
        if step >= float(info.default) / 20:
            return step
    return 1.0
