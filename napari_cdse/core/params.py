"""Default, unit, range and meaning of every parameter, in one place.

The window's forms, the command line's flags and the record of each run are made from
the two dataclasses below. `describe` gives a field's description.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from napari_cdse.core.detection import registry
from napari_cdse.core.errors import ParameterError
from napari_cdse.core.material import Material  # noqa: TC001  `describe` reads it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Abundances = Literal["nnls", "fcls"]
Criterion = Literal["gini", "entropy"]
SplitFeatures = Literal["sqrt", "log2", "3", "8", "10"]


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """What a form or a parser needs to show one parameter."""

    name: str
    label: str
    help: str
    unit: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    default: Any


def _parameter(
    default: Any,
    label: str,
    help: str | Callable[[], str],
    *,
    choices: Callable[[], tuple[str, ...]] | None = None,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    metadata = {
        "label": label,
        "help": help,
        "choices": choices,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
    }
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class DetectionParams:
    """Parameters of detection; lengths in nm, hence independent of magnification.

    Defaults are choices unless a source is named; the ranges only refuse values that
    are surely mistakes, or with which nothing can be computed.

    Attributes
    ----------
    method : str
        Name of the detection method; see `napari_cdse.core.detection.registry.usual`
        for the default, which depends on what is installed.
    window_nm : float
        Edge of the sliding window in nm. 2 nm hold 4 fringes of the longest spacing and
        11 of the shortest. In a larger one, spacings are resolved better but a smaller
        particle is diluted by its surroundings; in a smaller one, peaks overlap.
    step_fraction : float
        Step between windows as a fraction of the window; 16 of 64 px in the pipeline of
        2018. Half the step takes four times as long; a larger one makes a coarser map.
    spacing_min_nm, spacing_max_nm : float
        Lattice spacings that count as fringes, in nm. Those of CdSe in HRTEM lie
        between 0.1825 (zinc blende {311}) and 0.3723 (wurtzite (100)); the margins of
        7 % and 21 % allow for a wrong pixel size. A wider band admits more speckle and,
        at its long end, the slow contrast of varying thickness.
    false_alarms : float
        Circles expected on a micrograph without particles, or their share by area in a
        field smaller than 512 x 512 px. A larger value proposes fainter particles and
        leaves more false circles to the forest. On the simulated standard and hard
        micrographs the change to 0.3, with a larger training set, raised F1 from 0.962
        and 0.970 to 0.965 and 0.980.
    diameter_min_nm, diameter_max_nm : float
        Diameters of particles that are proposed, in nm; those of 2018 were 2.1 to
        5.4 nm. A wider range costs time, and noise passes for small particles and
        several neighbours for a large one.
    endmembers : int
        Spectra that N-FINDR looks for; 3 in the pipeline of 2018, 0: as many as the
        residual of the spectra shows. With more, one kind of area is split in two;
        with fewer, two kinds are mixed.
    abundances : {"nnls", "fcls"}
        How windows are unmixed: by non-negative least squares (as in 2018), or with
        abundances that add up to 1 besides.
    seed : int
        Seed of every random choice. The largest is that of a signed 32-bit integer,
        which fields of the window hold.
    material : Material or None
        A lattice of the user's own, None for CdSe: its lines set the pixel-size
        estimate, which fringes are likely and, where both spacings are the defaults,
        their band. It is read from a file, hence has no field in forms and flags.
    """

    method: str = _parameter(
        registry.usual, "Method", registry.summaries, choices=registry.names
    )
    window_nm: float = _parameter(
        2.0,
        "FFT window",
        "edge of the sliding window; it is to hold several fringes and be no larger "
        "than a small particle",
        unit="nm",
        minimum=0.8,
        maximum=10.0,
    )
    step_fraction: float = _parameter(
        0.25,
        "Step",
        "distance between windows as a fraction of the window",
        minimum=0.1,
        maximum=1.0,
    )
    spacing_min_nm: float = _parameter(
        0.17,
        "Smallest spacing",
        "shortest lattice spacing that counts as a fringe",
        unit="nm",
        minimum=0.05,
        maximum=1.0,
    )
    spacing_max_nm: float = _parameter(
        0.45,
        "Largest spacing",
        "longest lattice spacing that counts as a fringe",
        unit="nm",
        minimum=0.1,
        maximum=2.0,
    )
    false_alarms: float = _parameter(
        0.3,
        "False alarms",
        "circles expected on a particle-free micrograph of the same size, "
        "before the forest looks at them",
        minimum=0.001,
        maximum=100.0,
    )
    diameter_min_nm: float = _parameter(
        2.0,
        "Smallest particle",
        "diameter below which nothing is proposed",
        unit="nm",
        minimum=0.5,
        maximum=50.0,
    )
    diameter_max_nm: float = _parameter(
        8.0,
        "Largest particle",
        "diameter above which nothing is proposed",
        unit="nm",
        minimum=1.0,
        maximum=100.0,
    )
    endmembers: int = _parameter(
        0,
        "Endmembers",
        "number of spectra that N-FINDR looks for; 0: as many as the micrograph shows",
        minimum=0,
        maximum=8,
    )
    abundances: Abundances = _parameter(
        "nnls",
        "Abundances",
        "least squares without negative abundances (nnls), or with abundances that "
        "add up to one besides (fcls)",
    )
    seed: int = _parameter(
        0, "Seed", "start of every random choice", minimum=0, maximum=2**31 - 1
    )

    material: Material | None = None

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        check(self)
        if self.endmembers == 1:
            raise ParameterError(
                "Endmembers is 1, from which nothing can be told apart; choose 0, or "
                "a value from 2 to 8."
            )
        _check_order(self.spacing_min_nm, self.spacing_max_nm, "spacing")
        _check_order(self.diameter_min_nm, self.diameter_max_nm, "particle")

    @property
    def has_usual_spacings(self) -> bool:
        """Whether both spacings are the defaults, which are made for CdSe."""
        return all(
            getattr(self, each.name) == each.default
            for each in fields(self)
            if each.name.startswith("spacing_")
        )


@dataclass(frozen=True, slots=True)
class ForestParams:
    """How a random forest is trained.

    Defaults are choices unless a source is named; `napari_cdse.core.evaluation.tuning`
    scores other settings on the user's own labels.

    Attributes
    ----------
    trees : int
        Number of trees. The grid search of 2018 was best at its largest value, 100;
        here twice that. The scatter of the probabilities falls with the square root of
        their number; time and file size grow in proportion.
    split_features : {"sqrt", ...}
        Features that each split may choose from; the square root of their number was
        best in 2018. With more, trees are stronger but more alike.
    criterion : {"gini", ...}
        Impurity that splits reduce; gini was best in 2018.
    min_leaf : int
        Fewest rows, copies included, in a leaf. With fewer, single wrong labels are
        learnt by heart; with more, rare classes are lost.
    features : str
        Feature groups, joined by ``+``.
    copies : int
        Rotated and mirrored copies of a training particle. 3, the rotations of 2018; at
        most 7, since a square has eight symmetries. Features of each cost time.
    own_weight : float
        Weight of one of the user's labels, where one of the shipped table has 1. With a
        larger one the forest adapts to the user's micrographs sooner, and to the user's
        mistakes too; with a smaller one the simulated particles prevail for longer.
    folds : int
        Folds of the cross-validation; 5 in 2018. With more, each forest learns from
        more micrographs, and more forests are fitted.
    seed : int
        Seed of every random choice; see `DetectionParams`.
    """

    trees: int = _parameter(
        200, "Trees", "number of trees in the forest", minimum=1, maximum=5000
    )
    split_features: SplitFeatures = _parameter(
        "sqrt", "Features per split", "how many features each split may choose from"
    )
    criterion: Criterion = _parameter(
        "gini", "Criterion", "by which measure of purity splits are chosen"
    )
    min_leaf: int = _parameter(
        3, "Smallest leaf", "least number of examples in a leaf", minimum=1, maximum=100
    )
    features: str = _parameter(
        "bragg",
        "Features",
        "names of feature groups, joined by '+' (bragg, origin)",
    )
    copies: int = _parameter(
        3,
        "Symmetry copies",
        "turned and mirrored copies added per training particle",
        minimum=0,
        maximum=7,
    )
    own_weight: float = _parameter(
        3.0,
        "Weight of own labels",
        "how many times as much one of your labels counts as one that the forest it "
        "learns on top of knows",
        minimum=1.0,
        maximum=100.0,
    )
    folds: int = _parameter(
        5, "Folds", "parts of the cross-validation", minimum=2, maximum=20
    )
    seed: int = _parameter(
        0, "Seed", "start of every random choice", minimum=0, maximum=2**31 - 1
    )

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        check(self)


Params = DetectionParams | ForestParams


def describe(params: type[Params] | Params) -> tuple[ParameterInfo, ...]:
    """List the parameters of a class in order, as a form or a parser needs them."""
    owner = params if isinstance(params, type) else type(params)
    # mypy does not know that classes have hashes.
    hints = _hints(owner)  # type: ignore[arg-type]
    return tuple(
        ParameterInfo(
            name=entry.name,
            label=entry.metadata["label"],
            help=_help(entry.metadata["help"]),
            unit=entry.metadata["unit"],
            minimum=entry.metadata["minimum"],
            maximum=entry.metadata["maximum"],
            choices=_choices(entry.metadata["choices"], hints[entry.name]),
            default=_default(entry),
        )
        for entry in fields(owner)
        if entry.metadata
    )


@cache
def _hints(owner: type[Params]) -> Mapping[str, Any]:
    """Resolve a class's type hints, once.

    Only these are cached: choices change when a detection method is registered.
    """
    return get_type_hints(owner)


def recorded(params: DetectionParams) -> dict[str, Any]:
    """Return the parameters as files record them; a material only if it isn't CdSe."""
    values = asdict(params)
    if params.material is None:
        del values["material"]
    return values


def same_search(told: Mapping[str, Any], params: DetectionParams) -> bool:
    """Tell whether recorded parameters would find the same circles as given ones.

    Only parameters that the method reads are compared: the number of endmembers, say,
    does not matter to a method without any.

    Parameters
    ----------
    told : mapping of str to object
        Result of `recorded`, by this version or an earlier one.
    params : DetectionParams
        The ones to compare with.
    """
    wanted = recorded(params)
    names = {"method", "material", *registry.METHODS[params.method].parameters}
    return all(told.get(name) == wanted.get(name) for name in names)


def _default(entry: Field[Any]) -> Any:
    """Return a field's default; that of the method depends on what is installed."""
    factory = entry.default_factory
    return entry.default if factory is MISSING else factory()


def _help(text: str | Callable[[], str]) -> str:
    return text if isinstance(text, str) else text()


def _choices(
    listed: Callable[[], tuple[str, ...]] | None, hint: Any
) -> tuple[str, ...]:
    """Call ``listed`` if there is one; else take the values of a Literal type hint."""
    if listed is not None:
        return listed()
    return tuple(str(choice) for choice in get_args(hint))


def check(params: Params) -> None:
    """Raise `ParameterError` for the first value outside its range.

    Raises
    ------
    ParameterError
        With the parameter's name, its value and the range.
    """
    # Not by `describe`: finding a default may search the disk for installed networks,
    # and a project's parameters are checked for each of its micrographs.
    hints = _hints(type(params))  # type: ignore[arg-type]
    for entry in fields(params):
        if entry.metadata:
            _check_field(entry.metadata, hints[entry.name], getattr(params, entry.name))


def _check_field(told: Mapping[str, Any], hint: Any, value: Any) -> None:
    label, minimum, maximum = told["label"], told["minimum"], told["maximum"]
    choices = _choices(told["choices"], hint)
    if choices and value not in choices:
        allowed = ", ".join(choices)
        raise ParameterError(f"{label} is {value!r}; choose one of {allowed}.")
    if minimum is None or maximum is None:
        return
    if not minimum <= value <= maximum:
        unit = f" {told['unit']}" if told["unit"] else ""
        raise ParameterError(
            f"{label} is {value}{unit}; "
            f"choose a value from {minimum:g} to {maximum:g}{unit}."
        )


def _check_order(low_nm: float, high_nm: float, what: str) -> None:
    if low_nm >= high_nm:
        raise ParameterError(
            f"The smallest {what} ({low_nm} nm) is not below the largest "
            f"({high_nm} nm); exchange or widen them."
        )
