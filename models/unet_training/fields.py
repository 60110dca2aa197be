"""Simulated fields and pictures of them, made once and kept in a working folder."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from napari_cdse.simulate import NAMES, load_preset, preset_by_name, simulate
from unet_training.variation import Field, variant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cdse.simulate import Preset

_USUAL_PX = 1024
"""Edge that the presets' numbers of particles are meant for."""


@dataclass(frozen=True)
class Plan:
    """What is to be made.

    Attributes
    ----------
    seed : int
    pictures : int
        Of each field.
    kinds : tuple of Kind
    """

    seed: int
    pictures: int
    kinds: tuple[Kind, ...]

    def names(self, held_out: bool) -> list[str]:
        """Names of all fields that are held out, or of those that teach."""
        return [
            f"{kind.preset.name}_{index:04d}"
            for kind, index in self.in_turn()
            if kind.is_held_out(index) == held_out
        ]

    def in_turn(self) -> list[tuple[Kind, int]]:
        """All fields, every part of the list with all kinds in it."""
        every = [
            ((index + 0.5) / kind.count, at, index)
            for at, kind in enumerate(self.kinds)
            for index in range(kind.count)
        ]
        return [(self.kinds[at], index) for _, at, index in sorted(every)]


@dataclass(frozen=True)
class Kind:
    """Fields of one preset; the last ``held_out`` of ``count`` teach nothing."""

    preset: Preset
    count: int
    held_out: int

    def is_held_out(self, index: int) -> bool:
        """Whether a field of this kind is held out; spread over the list."""
        return index * self.held_out // self.count != (
            (index + 1) * self.held_out // self.count
        )


def read_plan(path: Path) -> Plan:
    """Read ``unet_series.toml``."""
    told = tomllib.loads(path.read_text("utf-8"))
    kinds = []
    for each in told["series"]:
        name = each["preset"]
        file = path.parent / "series" / f"{name}.toml"
        preset = preset_by_name(name) if name in NAMES else load_preset(file)
        preset = _sized(preset, told["size_px"])
        bare = replace(
            preset, name=f"{name}-bare", field=replace(preset.field, dots=(0, 0))
        )
        kinds.append(Kind(preset, each["micrographs"], each["held_out"]))
        kinds.append(Kind(bare, each["bare"], each["held_out_bare"]))
    return Plan(told["seed"], told["pictures"], tuple(kinds))


def _sized(preset: Preset, size_px: int) -> Preset:
    share = (size_px / _USUAL_PX) ** 2
    low, high = (max(1, round(share * n)) for n in preset.field.dots)
    field = replace(preset.field, size_px=size_px, dots=(low, high))
    return replace(preset, field=field)


def make_pictures(plan: Plan, work: Path, jobs: int) -> Iterator[int]:
    """Simulate and draw all; yields how many fields are there, and skips finished ones.

    Plain pictures of all fields come first, so that training can begin on them.
    """
    work.mkdir(parents=True, exist_ok=True)
    rounds = [(0, 2), (2, plan.pictures)]
    tasks = [
        delayed(_make)(plan.seed, kind.preset, index, work, numbers)
        for numbers in rounds
        for kind, index in plan.in_turn()
    ]
    run = Parallel(n_jobs=jobs, return_as="generator_unordered")
    for done, _ in enumerate(run(tasks), 1):
        yield min(done, len(tasks) // 2)


def _make(
    seed: int, preset: Preset, index: int, work: Path, numbers: tuple[int, int]
) -> None:
    name = f"{preset.name}_{index:04d}"
    wanted = [n for n in range(*numbers) if not (work / f"{name}.{n}.npz").exists()]
    if not wanted:
        return
    with threadpool_limits(limits=1):
        field = _field(seed, preset, index, work / f"{name}.field.npz")
        for number in wanted:
            rng = np.random.default_rng([seed, index, number, *preset.name.encode()])
            given, answer = variant(field, rng, plain=number == 0)
            _save(work / f"{name}.{number}.npz", given=given, answer=answer)


def _field(seed: int, preset: Preset, index: int, path: Path) -> Field:
    if not path.exists():
        made = simulate(preset, seed, index)
        listed = np.array([dot["listed"] for dot in made.record["dots"]], bool)
        pixel = np.array(made.record["pixel_size_nm"])
        _save(path, contrast=made.contrast, mask=made.mask, listed=listed, pixel=pixel)
    return load_field(path)


def load_field(path: Path) -> Field:
    """Read a field."""
    with np.load(path) as kept:
        return Field(
            kept["contrast"], kept["mask"], kept["listed"], float(kept["pixel"])
        )


def _save(path: Path, **arrays: np.ndarray) -> None:
    """Write whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, **arrays)
    os.replace(part, path)
