"""The defect content behind the visible-defect fraction, by what a simulator shows.

A fault that lies flat is not seen, so the visible-defect fraction is no content. How
much of the faults shows can be simulated, at the price of assumptions; they are listed
with the number. With F the visible-defect fraction, the unknown content c obeys

    F = c s / (c f + (1 - c) p)

where f and p are the shares of faulted and of perfect dots that are resolved, and s
that of faulted ones that are resolved and show the fault. All three depend on how
dots lie. A share of them, called ``aligned`` here, lies near a close-packed row (<110>
of zinc blende, <11-20> of wurtzite), evenly over all such rows; the rest lies evenly
over all other directions. That share is not known either. It follows from the second
number that a project has, the share of its particles that are resolved,

    R = (c f + (1 - c) p) / (c u + (1 - c) v)

where u and v are the shares that are seen at all. Both equations are solved together
(Rogan and Gladen, Am. J. Epidemiol. 107, 71 (1978), for prevalence from an imperfect
test, is the case of all dots being resolved and aligned alike).

The interval is that of a bootstrap: settings of the microscope are drawn again, as
clusters of dots; F is drawn from its own interval, on the logit scale, R by how it
differs between micrographs (Efron and Tibshirani, An Introduction to the Bootstrap,
1993, chapters 8 and 13).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cdse.core.statistics.intervals import MIN_MICROGRAPHS, t_quantile
from napari_cdse.core.statistics.sample import divided, sample_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cdse.core.statistics.evidence import Evidence
    from napari_cdse.core.statistics.intervals import Interval
    from napari_cdse.core.statistics.visible_defects import VisibleDefects

    Floats = NDArray[np.float64]

PERFECT = "perfect"

MIN_SETTINGS = 20
"""Settings of the microscope in a table. A choice: from about there on a bootstrap of
clusters covers as often as it says."""

MIN_RESOLVED = 20
"""Faulted dots of a table that are resolved, by what they weigh. A choice: fewer leave
the share that shows unknown to within 0.22."""

MAX_OUTSIDE = 0.2
"""Share of the particles that may be smaller or larger than any in the table; they are
taken for the nearest. A choice: nothing hangs on few."""

PIXEL_ROOM = 0.1
"""How far beyond the table's pixel sizes a project's may lie, as a share. A choice:
what the detector passes hardly changes by it."""

_BINS = 5
"""Classes of size between the table's smallest and largest dot. A choice: of some
hundred resolved dots each then holds twenty."""

_REPLICATES = 1000
"""Of the bootstrap. A choice: ends of 95 % then scatter by a tenth of a standard
deviation."""
_SEED = 20240229
"""Any number; the same data give the same interval."""
_TRIED = 65
"""Contents from 0 to 1 between which solutions are sought. A choice: contents that
fit as well as each other and lie nearer than 0.016 pass for one."""
_SOLVED = 1e-6
"""How far a content and what comes out with it may differ by rounding."""
_HALVINGS = 40
"""Of a bracket between two of them; leaves 1e-14."""
_END = 1e-4
"""How near to 0 and 1 a share may come; keeps logits finite."""
_SURE = 0.975
"""Share of the replicates in which something is so that is told as being so."""


@dataclass(frozen=True, slots=True)
class SeenDot:
    """One simulated dot, and what shows of it.

    Attributes
    ----------
    setting : int
        Of the microscope; dots of one setting share optics and background.
    kind : str
        ``host: kind of fault``, or ``host: perfect``.
    diameter_nm : float
    aligned : bool
        Whether it lies near a close-packed row.
    seen, resolved, shown : bool
        Whether it is seen at all, two families of fringes stand out, the fault does.
    """

    setting: int
    kind: str
    diameter_nm: float
    aligned: bool
    seen: bool
    resolved: bool
    shown: bool


@dataclass(frozen=True, slots=True)
class VisibilityTable:
    """What a simulator shows of dots with and without faults.

    Attributes
    ----------
    preset, material, program : str
        What was simulated, and by which version.
    seed : int
    pixel_size_nm, diameter_nm : tuple of float
        Ranges from which pixels and dots were drawn evenly.
    near_axis_deg : float
        How near a close-packed row the beam meets an aligned dot.
    kinds : dict of str to float
        Share of each kind of fault among all faults; sum 1.
    hosts : dict of str to float
        Share of each host among perfect dots; sum 1.
    parameters : dict
        All parameters of the preset.
    dots : tuple of SeenDot
    """

    preset: str
    material: str
    program: str
    seed: int
    pixel_size_nm: tuple[float, float]
    diameter_nm: tuple[float, float]
    near_axis_deg: float
    kinds: dict[str, float]
    hosts: dict[str, float]
    parameters: dict[str, Any] = field(repr=False)
    dots: tuple[SeenDot, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KindShown:
    """How much of one kind of fault shows, at the sizes and orientations of a project.

    Attributes
    ----------
    kind : str
    part : float
        Of all faults, by assumption.
    resolved, shown : float
        Share of the dots with it that are resolved, and of these, that show it.
    shown_95 : tuple of float
    n_dots : int
        Simulated.
    content : float or None
        Defect content if all faults were of this kind; None where even a content of 1
        would show less than was seen, or more than one fits.
    """

    kind: str
    part: float
    resolved: float
    shown: float
    shown_95: Interval
    n_dots: int
    content: float | None


@dataclass(frozen=True, slots=True)
class DefectContent:
    """Share of all particles that have a fault, seen or not; an estimate by simulation.

    Attributes
    ----------
    content : float or None
        None where `note` says why.
    interval_95 : tuple of float or None
    shown : float or None
        Share of the faulted particles among the resolved ones that show it.
    shown_95 : tuple of float or None
    aligned : float or None
        Share of the dots near a close-packed row, as the resolved share has it.
    resolved : float or None
        Share of the particles of the project that are resolved.
    kinds : tuple of KindShown
    assumptions : tuple of str
    preset, material, program : str
        What was simulated.
    note : str
        Why there is no content; empty if there is one.
    """

    content: float | None
    interval_95: Interval | None
    shown: float | None
    shown_95: Interval | None
    aligned: float | None
    resolved: float | None
    kinds: tuple[KindShown, ...]
    assumptions: tuple[str, ...]
    preset: str
    material: str
    program: str
    note: str

    @property
    def sentence(self) -> str:
        """Say it in words."""
        if self.content is None or self.interval_95 is None or self.shown is None:
            return f"The defect content can't be estimated: {self.note}"
        low, high = self.interval_95
        return (
            f"Estimated defect content {self.content:.2f} ({low:.2f} to {high:.2f}, "
            f"95 %), if the sample is as the simulation {self.preset!r} has it: there "
            f"{self.shown:.2f} of the faults in resolved particles show."
        )

    def as_dict(self) -> dict[str, object]:
        """Return plain numbers and words, for JSON."""
        return {**asdict(self), "sentence": self.sentence}


@dataclass(frozen=True, slots=True)
class _Shares:
    """Seen, resolved and shown of dots that lie otherwise and of aligned ones.

    Arrays of shape (..., 2, 3).
    """

    faulted: Floats
    perfect: Floats


@dataclass(frozen=True, slots=True)
class _Solved:
    content: Floats
    aligned: Floats
    shown: Floats
    beyond: NDArray[np.bool_]
    """Where more are resolved than if all were aligned."""
    ambiguous: NDArray[np.bool_]
    """Where more than one content fits; the lowest is told."""


def defect_content(
    evidence: Sequence[Evidence], defects: VisibleDefects, table: VisibilityTable
) -> DefectContent:
    """Estimate the share of particles that have a fault, seen or not.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of every particle of every micrograph that is not left out.
    defects : VisibleDefects
        Estimated from it.
    table : VisibilityTable
        At the optics of the project.

    Returns
    -------
    DefectContent
    """
    visible, visible_95 = defects.fraction, defects.interval_95
    if visible is None or visible_95 is None:
        return _unknown(
            table, "the visible-defect fraction itself has no interval yet."
        )
    counted, stands_for = _counted(evidence)
    chosen = [each for each in counted if _particle(each) > 0]
    note = _unfit(chosen, table)
    if note:
        return _unknown(table, note)
    sizes = _size_weights(chosen, table)
    sums = _sums(table, sizes)
    rng = np.random.default_rng(_SEED)
    settings = len(sums.by_kind)
    drawn = rng.multinomial(settings, np.full(settings, 1 / settings), _REPLICATES)
    weights = np.concatenate([np.ones((1, settings)), drawn])
    if _effective(table, sizes) < MIN_RESOLVED:
        return _unknown(
            table,
            "too few simulated dots with a fault are resolved at these sizes; make a "
            "table of more settings.",
        )
    resolved, spread = _resolved(counted, stands_for)
    share = np.clip(rng.normal(resolved, spread, _REPLICATES), _END, 1 - _END)
    seen = np.concatenate([[resolved], share])
    fraction = np.concatenate([[visible], _fractions(rng, visible, visible_95)])
    return _told(table, sums, weights, seen, fraction)


# Whether it can be said


def _unfit(chosen: Sequence[Evidence], table: VisibilityTable) -> str:
    """Say why a table does not tell of these particles; empty if it does."""
    if len({each.micrograph for each in chosen}) < MIN_MICROGRAPHS:
        return f"it takes {MIN_MICROGRAPHS} micrographs to know how they differ."
    known = [
        (each.diameter_nm, each.diameter_nm / each.diameter_px)
        for each in chosen
        if each.diameter_nm and each.diameter_px
    ]
    if len(known) < (1 - MAX_OUTSIDE) * len(chosen):
        return (
            "sizes and optics are compared in nm, and pixel sizes are known for "
            f"{len(known)} of {len(chosen)} particles only; give the pixel size."
        )
    return _too_different(known, table)


def _too_different(known: Sequence[tuple[float, float]], table: VisibilityTable) -> str:
    """Compare diameters and pixel sizes, both in nm."""
    low, high = table.pixel_size_nm
    sizes, pixels = np.array(known).T
    far = (pixels < low * (1 - PIXEL_ROOM)) | (pixels > high * (1 + PIXEL_ROOM))
    if far.mean() > MAX_OUTSIDE:
        return (
            f"pixels are {float(np.median(pixels)):.3f} nm large here and {low:g} to "
            f"{high:g} nm in the simulation {table.preset!r}; make a table of your "
            "own microscope with napari-cdse visibility --config."
        )
    small, large = table.diameter_nm
    outside = float(((sizes < small) | (sizes > large)).mean())
    if outside > MAX_OUTSIDE:
        return (
            f"{outside:.0%} of the particles lie outside {small:g} to {large:g} nm, "
            f"the sizes of the simulation {table.preset!r}; make a table with others."
        )
    if len({dot.setting for dot in table.dots}) < MIN_SETTINGS:
        return f"the table has fewer than {MIN_SETTINGS} settings of the microscope."
    return ""


def _unknown(table: VisibilityTable, note: str) -> DefectContent:
    return DefectContent(
        content=None,
        interval_95=None,
        shown=None,
        shown_95=None,
        aligned=None,
        resolved=None,
        kinds=(),
        assumptions=assumptions(table),
        preset=table.preset,
        material=table.material,
        program=table.program,
        note=note,
    )


def assumptions(table: VisibilityTable) -> tuple[str, ...]:
    """List what has to hold for the estimate to mean something.

    Parameters
    ----------
    table : VisibilityTable
        By which the estimate is made.
    """
    optics = table.parameters.get("optics", {})
    voltages = ", ".join(f"{each:g}" for each in optics.get("voltages_kV", ()))
    at = f" at {voltages} kV" if voltages else ""
    low, high = table.pixel_size_nm
    kinds = ", ".join(f"{name} {part:.2f}" for name, part in table.kinds.items())
    return (
        f"The microscope is as the simulation {table.preset!r} has it{at}, with "
        f"pixels of {low:g} to {high:g} nm, and each micrograph has optics of its own "
        "from its ranges.",
        f"The material is {table.material}, its shapes and their support are as "
        "simulated, and particles stand alone.",
        f"The kinds of faults are as simulated: {kinds}.",
        f"The beam lies within {table.near_axis_deg:g} degrees of a close-packed row "
        "(<110>, <11-20>) as often as the resolved share says, whichever row it is, "
        "along the faults or not; all other dots lie any way round. A fault does not "
        "change how a dot lies. Dots that lie on one kind of facet break this.",
        "Who judged sees what the simulator's rule takes for visible; no perfect "
        "particle is taken for faulty.",
        "Particles beyond the simulated sizes are taken for the nearest ones.",
    )


# What the project says


def _counted(evidence: Sequence[Evidence]) -> tuple[list[Evidence], Floats]:
    """Return the population with the labels that count, and what each stands for.

    They are those of the visible-defect fraction, see `sample_of`.
    """
    chosen = divided(list(evidence))[0]
    if not chosen:
        return [], np.zeros(0)
    weight = sample_of(chosen).weight
    pairs = zip(chosen, weight.tolist(), strict=True)
    return [each if w else replace(each, label=None) for each, w in pairs], weight


def _particle(each: Evidence) -> float:
    """Chance of being a particle at all."""
    if each.label is not None:
        return float(each.label != "empty")
    return 0.0 if each.probabilities is None else 1 - each.probabilities[3]


def _resolvable(each: Evidence) -> float:
    if each.label is not None:
        return float(each.label in ("yes", "no"))
    return 0.0 if each.probabilities is None else sum(each.probabilities[:2])


def _resolved(counted: Sequence[Evidence], stands_for: Floats) -> tuple[float, float]:
    """Share of the particles that are resolved, and its standard deviation.

    By the difference estimator, as the visible-defect fraction is: draws put right
    what the forest says of all.
    """
    sums: dict[str, Floats] = defaultdict(lambda: np.zeros(2))
    told = zip(counted, _by_the_forest(counted), stands_for.tolist(), strict=True)
    for each, said, weight in told:
        labelled = np.array([_resolvable(each), _particle(each)])
        sums[each.micrograph] += said + weight * (labelled - said) if weight else said
    top, bottom = np.array([each for each in sums.values() if each.any()]).T
    share = min(max(float(top.sum() / bottom.sum()), 0.0), 1.0)
    number = len(top)
    rest = (top - share * bottom) / bottom.sum()
    spread = math.sqrt(float((rest**2).sum()) * number / (number - 1))
    # A normal deviate stands for one of Student's, so it is widened.
    return share, spread * t_quantile(number - 1) / 1.96


def _by_the_forest(counted: Sequence[Evidence]) -> Floats:
    """Chances to be resolved and to be a particle, those of the mean for no forest."""
    bare = [replace(each, label=None) for each in counted]
    said = np.array([(_resolvable(each), _particle(each)) for each in bare])
    known = np.array([each.probabilities is not None for each in counted])
    if known.any():
        said[~known] = said[known].mean(axis=0)
    return said


def _fractions(
    rng: np.random.Generator, fraction: float, interval_95: Interval
) -> Floats:
    """Draw fractions whose middle 95 % are the interval."""
    middle, low, high = (_logit(each) for each in (fraction, *interval_95))
    deviate = rng.normal(size=_REPLICATES) / 1.96
    width = np.where(deviate > 0, high - middle, middle - low)
    drawn: Floats = 1 / (1 + np.exp(-(middle + deviate * width)))
    return drawn


def _logit(value: float) -> float:
    value = min(max(value, _END), 1 - _END)
    return math.log(value / (1 - value))


# What the table says


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of weights by setting, kind and alignment: dots, seen, resolved, shown."""

    names: tuple[str, ...]
    by_kind: Floats


def _size_weights(chosen: Sequence[Evidence], table: VisibilityTable) -> Floats:
    """Weight of the simulated dots by their sizes; the project has these."""
    sizes = [each.diameter_nm for each in chosen if each.diameter_nm]
    mass = [_particle(each) for each in chosen if each.diameter_nm]
    share = np.bincount(_bins(sizes, table), mass, minlength=_BINS)
    weights: Floats = share / share.sum() * _BINS
    return weights[_bins([dot.diameter_nm for dot in table.dots], table)]


def _bins(sizes: Sequence[float], table: VisibilityTable) -> NDArray[np.int64]:
    low, high = table.diameter_nm
    place = (np.array(sizes) - low) / max(high - low, 1e-9) * _BINS
    found: NDArray[np.int64] = np.clip(place.astype(int), 0, _BINS - 1)
    return found


def _sums(table: VisibilityTable, weights: Floats) -> _Sums:
    names = tuple(sorted({dot.kind for dot in table.dots}))
    settings = sorted({dot.setting for dot in table.dots})
    found = np.zeros((len(settings), len(names), 2, 4))
    rows = {setting: row for row, setting in enumerate(settings)}
    for dot, weight in zip(table.dots, weights, strict=True):
        place = rows[dot.setting], names.index(dot.kind), int(dot.aligned)
        seen = dot.seen or dot.resolved
        found[place] += weight * np.array([1, seen, dot.resolved, dot.shown])
    return _Sums(names, found)


def _effective(table: VisibilityTable, weights: Floats) -> float:
    """Count resolved dots with a fault, as if they weighed alike.

    L. Kish, Survey Sampling (1965), section 11.7.
    """
    faulted = [dot.kind in table.kinds and dot.resolved for dot in table.dots]
    told = weights[faulted]
    return float(told.sum() ** 2 / max((told**2).sum(), 1e-12))


def _shares(
    table: VisibilityTable, sums: _Sums, weights: Floats, kinds: Mapping[str, float]
) -> _Shares:
    """Shares seen, resolved and shown for each replicate."""
    total = np.einsum("bs,skac->bkac", weights, sums.by_kind)
    share = total[..., 1:] / np.maximum(total[..., :1], 1e-12)
    hosts = {f"{host}: {PERFECT}": part for host, part in table.hosts.items()}
    return _Shares(_mixed(sums, share, kinds), _mixed(sums, share, hosts))


def _mixed(sums: _Sums, share: Floats, parts: Mapping[str, float]) -> Floats:
    weights = np.array([parts.get(name, 0.0) for name in sums.names])
    found: Floats = np.einsum("k,bkac->bac", weights / weights.sum(), share)
    return found


# Both together


def _solve(shares: _Shares, fraction: Floats, resolved: Floats) -> _Solved:
    """Solve both equations; contents above 1 are left as they come.

    A content fits if it comes out of the first equation with as many dots aligned as
    the second one has at it. Where that holds is sought by a grid and bisection: to put
    in what came out need not come to rest.
    """
    # Not from 0 on, where shares of a small table may be 0 of 0.
    tried = np.linspace(_SOLVED, 1, _TRIED)
    excess = np.stack(
        [
            _with(shares, fraction, resolved, np.full_like(fraction, each)).content
            - each
            for each in tried
        ]
    )
    above = excess > 0
    crossed = above[:-1] != above[1:]
    fits = crossed.any(axis=0)
    # Without a crossing nothing shows, or more than could at a content of 1.
    end = np.where(above[0], 1.0, 0.0)
    first = crossed.argmax(axis=0)
    low, high = np.where(fits, [tried[first], tried[first + 1]], end)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = _with(shares, fraction, resolved, middle).content > middle
        low, high = np.where(found, middle, low), np.where(found, high, middle)
    solved = _with(shares, fraction, resolved, high)
    # Where the aligned share jumps between its ends, a crossing solves nothing.
    jumps = np.abs(solved.content - high) > _SOLVED
    return replace(
        solved,
        content=np.where(fits, high, solved.content),
        ambiguous=(crossed.sum(axis=0) > 1) | (fits & jumps),
    )


def _with(
    shares: _Shares, fraction: Floats, resolved: Floats, content: Floats
) -> _Solved:
    """Find how many are aligned at a content, and the content that follows from it."""
    held = content[:, None, None]
    mixed = held * shares.faulted + (1 - held) * shares.perfect
    aligned, beyond = _aligned(mixed, resolved)
    inside = aligned[:, None]
    faulted = (1 - inside) * shares.faulted[:, 0] + inside * shares.faulted[:, 1]
    perfect = (1 - inside) * shares.perfect[:, 0] + inside * shares.perfect[:, 1]
    bottom = faulted[:, 2] - fraction * (faulted[:, 1] - perfect[:, 1])
    shown = faulted[:, 2] / np.maximum(faulted[:, 1], 1e-12)
    return _Solved(
        content=fraction * perfect[:, 1] / np.maximum(bottom, 1e-12),
        aligned=aligned,
        shown=shown,
        beyond=beyond,
        ambiguous=np.zeros(len(content), bool),
    )


def _aligned(mixed: Floats, resolved: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Find the aligned share by the resolved one, and whether that is out of reach.

    The resolved share is a ratio of two sums, each linear in the aligned share; so it
    goes one way from where none is aligned to where all are, and no further.
    """
    seen, both = mixed[..., 0], mixed[..., 1]
    ends = both / np.maximum(seen, 1e-12)
    gap = both - resolved[:, None] * seen
    slope = gap[:, 1] - gap[:, 0]
    root = -gap[:, 0] / np.where(slope == 0, 1e-12, slope)
    between = (resolved - ends[:, 0]) * (resolved - ends[:, 1]) <= 0
    nearer = np.abs(ends - resolved[:, None]).argmin(axis=1).astype(float)
    aligned: Floats = np.where(between, np.clip(root, 0, 1), nearer)
    return aligned, resolved > ends.max(axis=1)


def _told(
    table: VisibilityTable,
    sums: _Sums,
    weights: Floats,
    resolved: Floats,
    fraction: Floats,
) -> DefectContent:
    solved = _solve(_shares(table, sums, weights, table.kinds), fraction, resolved)
    note = _unsolvable(solved, fraction, float(resolved[0]), table)
    if note:
        return _unknown(table, note)
    low, high = np.quantile(np.clip(solved.content[1:], 0, 1), (0.025, 0.975))
    return DefectContent(
        content=float(solved.content[0]),
        interval_95=(float(low), float(high)),
        shown=float(solved.shown[0]),
        shown_95=_middle(solved.shown[1:]),
        aligned=float(solved.aligned[0]),
        resolved=float(resolved[0]),
        kinds=tuple(
            _kind(table, sums, weights, resolved, fraction, name)
            for name in table.kinds
            if name in sums.names
        ),
        assumptions=assumptions(table),
        preset=table.preset,
        material=table.material,
        program=table.program,
        note="",
    )


def _unsolvable(
    solved: _Solved, fraction: Floats, resolved: float, table: VisibilityTable
) -> str:
    if solved.beyond[0] and np.mean(solved.beyond[1:]) > _SURE:
        return (
            f"{resolved:.2f} of the particles are resolved, more than the simulation "
            f"{table.preset!r} shows if every one lay along a close-packed row; its "
            "optics are not yours."
        )
    if solved.ambiguous[0] or np.mean(solved.ambiguous[1:]) > 1 - _SURE:
        return (
            "more than one content fits what was seen; the simulation "
            f"{table.preset!r} can't tell them apart."
        )
    if solved.content[0] > 1:
        return (
            f"a fraction of {fraction[0]:.2f} is more than the simulation "
            f"{table.preset!r} shows if every particle had a fault "
            f"({solved.shown[0]:.2f}); faults, optics or how particles lie are "
            "otherwise than it has them."
        )
    return ""


def _kind(
    table: VisibilityTable,
    sums: _Sums,
    weights: Floats,
    resolved: Floats,
    fraction: Floats,
    name: str,
) -> KindShown:
    """Tell of one kind, as if all faults were of it."""
    shares = _shares(table, sums, weights, {name: 1.0})
    solved = _solve(shares, fraction, resolved)
    inside = float(solved.aligned[0])
    faulted = shares.faulted[0]
    content = float(solved.content[0])
    return KindShown(
        kind=name,
        part=table.kinds[name],
        resolved=float((1 - inside) * faulted[0, 1] + inside * faulted[1, 1]),
        shown=float(solved.shown[0]),
        shown_95=_middle(solved.shown[1:]),
        n_dots=sum(dot.kind == name for dot in table.dots),
        content=None if content > 1 or solved.ambiguous[0] else content,
    )


def _middle(values: Floats) -> Interval:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
