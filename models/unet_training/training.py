"""The training loop: annealed learning rate, averaged weights, checkpoints."""

from __future__ import annotations

import math
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from unet_training.crops import Pictures
from unet_training.going_on import go_on_from
from unet_training.network import UNet, loss_of

if TYPE_CHECKING:
    from pathlib import Path

    from unet_training.fields import Plan

_WARM_UP = 0.03
"""Share of the training in which the learning rate rises."""
_LEAST_RATE = 0.005
"""Last learning rate over the highest."""
_AVERAGED = 0.995
"""What the averaged weights keep a step: they hold the last two hundred steps."""
_TOLD_EVERY, _KEPT_EVERY, _CHECKED_EVERY = 25, 100, 300
"""Steps between lines, checkpoints and looks at the fields held out."""
_MEASURED = 12
"""Batches that the normalisations of an exported network are measured on."""
_GRADIENT = 5.0
"""Norm that a gradient is cut to: one odd batch should not throw the rest away."""


@dataclass(frozen=True)
class Schedule:
    """How long to train: to so many steps or seconds, whichever ends first."""

    steps: int
    seconds: float
    batch: int
    rate: float

    def share(self, step: int, elapsed_s: float) -> float:
        """Share of the training that is done."""
        return min(1.0, max(step / self.steps, elapsed_s / self.seconds))

    def rate_at(self, share: float) -> float:
        """Learning rate: a rise, then half a cosine (Loshchilov and Hutter 2017)."""
        if share < _WARM_UP:
            return self.rate * (0.05 + share / _WARM_UP) / 1.05
        down = 0.5 * (1 + math.cos(math.pi * (share - _WARM_UP) / (1 - _WARM_UP)))
        return self.rate * (_LEAST_RATE + (1 - _LEAST_RATE) * down)


class Averaged:
    """Exponential average of weights and of what the normalisations measured."""

    def __init__(self, network: UNet) -> None:
        self.values = {
            name: value.clone() for name, value in network.state_dict().items()
        }

    def add(self, network: UNet, step: int) -> None:
        """Take in the weights of one step more."""
        keep = min(_AVERAGED, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - keep)
            else:
                self.values[name].copy_(value)


def train(
    plan: Plan,
    pictures: Path,
    work: Path,
    schedule: Schedule,
    seed: int,
    threads: int,
    early: int,
    onto: Path | None = None,
) -> Path:
    """Train, and return the file with the averaged weights.

    With ``onto``, training goes on from the weights of an exported network, unless a
    checkpoint of this training is there.
    """
    if threads:
        torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    network = UNet().to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=1e-3)
    averaged, step, spent = Averaged(network), 0, 0.0
    before: dict[str, float] = {}
    checkpoint = work / "checkpoint.pt"
    if checkpoint.exists():
        kept = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(kept["network"])
        optimiser.load_state_dict(kept["optimiser"])
        averaged.values = kept["averaged"]
        step, spent = kept["step"], kept["spent"]
        # Not in checkpoints of trainings that began from nothing before it was known.
        before = kept.get("before", {})
        print(f"going on at step {step}", file=sys.stderr)
    seen = Pictures(pictures, plan.names(held_out=False), plan.pictures)
    while len(seen.files) < early:
        time.sleep(5)
        seen.look()
    if onto is not None and not step:
        before = _go_on(network, onto, seen, seed)
        averaged = Averaged(network)
    begun, losses = time.monotonic() - spent, []
    while (share := schedule.share(step, time.monotonic() - begun)) < 1:
        if early and step % _TOLD_EVERY == 0:
            seen.look()
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate_at(share)
        rng = np.random.default_rng([seed, step])
        given, answers = (
            torch.from_numpy(each).to(device, memory_format=torch.channels_last)
            for each in seen.batch(rng, schedule.batch)
        )
        network.train()
        optimiser.zero_grad()
        loss = loss_of(network(given), answers)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _GRADIENT)
        optimiser.step()
        step += 1
        averaged.add(network, step)
        losses.append(float(loss.detach()))
        if step % _TOLD_EVERY == 0:
            print(
                f"step {step} ({share:.1%}, {time.monotonic() - begun:.0f} s, "
                f"{len(seen.files)} fields) loss {np.mean(losses[-_TOLD_EVERY:]):.4f}",
                file=sys.stderr,
                flush=True,
            )
        if step % _KEPT_EVERY == 0:
            state = {
                "network": network.state_dict(),
                "optimiser": optimiser.state_dict(),
                "averaged": averaged.values,
                "step": step,
                "spent": time.monotonic() - begun,
                "before": before,
            }
            _keep(state, checkpoint)
        if step % _CHECKED_EVERY == 0:
            _tell_dice(plan, pictures, averaged, device)
    _tell_dice(plan, pictures, averaged, device)
    told = {
        "steps": step,
        "crops a step": schedule.batch,
        "highest learning rate": schedule.rate,
        "seconds": round(time.monotonic() - begun),
        "fields": len(seen.files),
        **before,
    }
    _keep({"averaged": averaged.values, "told": told}, work / "trained.pt")
    return work / "trained.pt"


def _go_on(network: UNet, path: Path, seen: Pictures, seed: int) -> dict[str, float]:
    """Take the weights of an exported network, and what its card says of its making."""
    rng = np.random.default_rng([seed, _MEASURED])
    device = next(network.parameters()).device
    card = go_on_from(
        network,
        path,
        (torch.from_numpy(seen.batch(rng, 8)[0]).to(device) for _ in range(_MEASURED)),
    )
    told = card.parameters
    return {
        f"{name} before": told.get(name, 0) + told.get(f"{name} before", 0)
        for name in ("steps", "seconds")
    }


def _keep(state: dict[str, object], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def _tell_dice(
    plan: Plan, pictures: Path, averaged: Averaged, device: torch.device
) -> None:
    """Dice of the averaged weights on whole fields held out, by preset."""
    network = UNet().to(device, memory_format=torch.channels_last)
    network.load_state_dict(averaged.values)
    network.eval()
    counts: dict[str, list[np.ndarray]] = {}
    for path, given, answer in Pictures(pictures, plan.names(True), 1).whole(0):
        rows, cols = (-n % 32 for n in given.shape[1:])
        padded = np.pad(given.astype(np.float32), ((0, 0), (0, rows), (0, cols)))
        with torch.no_grad():
            logits = network(torch.from_numpy(padded[None]).to(device))
        inside = logits[0, 0].cpu().numpy()[: answer.shape[1], : answer.shape[2]] > 0
        truth, seen = answer[0] > 127, answer[3] > 127
        both = [(inside & truth & seen).sum(), ((inside * 1 + truth) * seen).sum()]
        counts.setdefault(path.name.rpartition("_")[0], []).append(np.array(both))
    text = []
    for kind, each in sorted(counts.items()):
        both, total = np.sum(each, axis=0)
        text.append(f"{kind} {2 * both / max(total, 1):.3f} ({total})")
    print("held out, Dice (pixels): " + ", ".join(text), file=sys.stderr, flush=True)
