"""What the network is to answer: interior, border, distance to the edge; weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

BORDER_NM = 0.35
"""Width of the rim that is the target `border`, inside a particle."""
DOUBT_NM = 0.4
"""What lies so near to a particle too faint to be listed teaches nothing either."""


def targets(
    mask: NDArray[np.uint8], listed: NDArray[np.bool_], pixel_nm: float
) -> NDArray[np.uint8]:
    """Draw interior, border, distance and weight at the micrograph's own pixels.

    Parameters
    ----------
    mask : ndarray of uint8, shape (rows, columns)
        Number of the particle that each pixel shows, from 1; 0 for support.
    listed : ndarray of bool, shape (particles,)
        False for those that nobody could see.
    pixel_nm : float
        Edge of a pixel.

    Returns
    -------
    ndarray of uint8, shape (4, rows, columns)
        Each 0 to 255. Distance is that to the particle's edge over its largest one.
    """
    distance = np.zeros(mask.shape, np.float32)
    border = np.zeros(mask.shape, bool)
    # Where the frame cuts a particle there is no edge of its own.
    wider = np.pad(mask, 1, mode="edge")
    for number, place in enumerate(ndimage.find_objects(mask), 1):
        if place is None:
            continue
        around = tuple(slice(each.start, each.stop + 2) for each in place)
        own = wider[around] == number
        deep = ndimage.distance_transform_edt(own)[1:-1, 1:-1]
        inside = own[1:-1, 1:-1]
        distance[place][inside] = (deep / deep.max())[inside]
        border[place][inside] = (deep <= BORDER_NM / pixel_nm)[inside]
    unlisted = np.isin(mask, 1 + np.flatnonzero(~listed))
    faint = unlisted
    if faint.any():
        faint = ndimage.distance_transform_edt(~faint) <= DOUBT_NM / pixel_nm
    seen = mask > 0
    weight = ~(faint & ~(seen & ~unlisted))
    planes = (seen, border, distance, weight)
    return np.stack([np.rint(255 * plane).astype(np.uint8) for plane in planes])
