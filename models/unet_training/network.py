"""The network in PyTorch: a strided stem, four levels, three maps."""

from __future__ import annotations

import torch
from torch import nn

STEM = 32
WIDTHS = (48, 64, 96, 128)
"""Channels at 0.1 nm, and at 0.2, 0.4, 0.8 and 1.6 nm."""


def step(given: int, width: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, rectifier; the export folds the middle one."""
    return nn.Sequential(
        nn.Conv2d(given, width, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Ronneberger, Fischer and Brox, MICCAI 2015, narrower and with a stem.

    Input (n, 2, rows, columns), both multiples of 32; output (n, 3, rows / 4, columns /
    4): logits of interior, border and distance.
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.stem = nn.Sequential(step(2, STEM, 7, 2), step(STEM, a, 3, 2))
        self.down = nn.ModuleList(
            [
                nn.Sequential(step(a, a), step(a, a)),
                nn.Sequential(step(a, b, 3, 2), step(b, b)),
                nn.Sequential(step(b, c, 3, 2), step(c, c)),
                nn.Sequential(step(c, d, 3, 2), step(d, d)),
            ]
        )
        self.rise = nn.ModuleList(
            [
                nn.ConvTranspose2d(d, c, 2, 2),
                nn.ConvTranspose2d(c, b, 2, 2),
                nn.ConvTranspose2d(b, a, 2, 2),
            ]
        )
        self.up = nn.ModuleList(
            [
                nn.Sequential(step(2 * c, c), step(c, c)),
                nn.Sequential(step(2 * b, b), step(b, b)),
                nn.Sequential(step(2 * a, a), step(a, a)),
            ]
        )
        self.head = nn.Conv2d(a, 3, 1)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Logits of the three maps."""
        values = self.stem(given)
        kept = []
        for level in self.down:
            values = level(values)
            kept.append(values)
        kept.pop()
        for rise, level in zip(self.rise, self.up, strict=True):
            values = level(torch.cat([rise(values), kept.pop()], 1))
        return self.head(values)


def loss_of(logits: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of all maps, and Dice of the interior, where weights allow.

    ``answer`` is (n, 4, rows, columns): interior, border, distance, weight, 0 to 1.
    """
    wanted, weight = answer[:, :3], answer[:, 3:]
    each = nn.functional.binary_cross_entropy_with_logits(
        logits, wanted, reduction="none"
    )
    entropy = (each * weight).sum((0, 2, 3)) / weight.sum().clamp(min=1)
    inside = torch.sigmoid(logits[:, :1]) * weight
    truth = wanted[:, :1] * weight
    both = 2 * (inside * truth).sum() + 1
    dice = 1 - both / (inside.sum() + truth.sum() + 1)
    # Distance counts inside and just around particles through its own entropy.
    return entropy[0] + 0.5 * entropy[1] + 2 * entropy[2] + 0.5 * dice
