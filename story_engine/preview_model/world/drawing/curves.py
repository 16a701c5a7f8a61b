"""Geometry of points: circles, smooth curves and grown outlines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Points = Sequence[Point]
PointArray = NDArray[np.float64]


@lru_cache(maxsize=1)
def unit_circle() -> PointArray:
    """Points around the origin at distance 1, clockwise from the right; (36, 2)."""
    turns = np.linspace(0.0, 2 * math.pi, 36, endpoint=False) + math.pi / 36
    return np.column_stack((np.cos(turns), np.sin(turns)))


def turned(points: PointArray, degrees: float) -> PointArray:
    """The points turned clockwise around the origin."""
    turn = math.radians(degrees)
    matrix = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    moved: PointArray = points @ matrix
    return moved


@lru_cache(maxsize=256)
def svg_points(text: str) -> Points:
    """Points as SVG writes them: "x,y x,y …"."""
    return tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in text.split()))


@lru_cache(maxsize=1)
def _spline_basis() -> PointArray:
    steps = np.arange(6) / 6
    cubes = np.column_stack((np.ones(6), steps, steps**2, steps**3))
    catmull_rom = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    basis: PointArray = cubes @ catmull_rom
    return basis


def smoothed(points: Points | PointArray, *, is_closed: bool) -> PointArray:
    """A Catmull-Rom curve through the points, six steps from each to the next."""
    points = np.asarray(points, dtype=np.float64)
    if is_closed:
        extended = np.concatenate((points[-1:], points, points[:2]))
    else:
        extended = np.concatenate((points[:1], points, points[-1:]))
    windows = np.stack((extended[:-3], extended[1:-2], extended[2:-1], extended[3:]), axis=1)
    sampled: PointArray = (_spline_basis() @ windows).reshape(-1, 2)
    return sampled if is_closed else np.concatenate((sampled, points[-1:]))


def widened(device: PointArray, pixels: float) -> PointArray:
    """The closed shape grown by `pixels` on every side; sharp corners are cut at 1.8 times that."""
    edges = np.roll(device, -1, axis=0) - device
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    kept = lengths > 1e-6
    if not kept.all():
        device, edges, lengths = device[kept], edges[kept], lengths[kept]
        edges = np.roll(device, -1, axis=0) - device
        lengths = np.maximum(np.hypot(edges[:, 0], edges[:, 1]), 1e-6)
    following = np.roll(device, -1, axis=0)
    area = float(np.sum(device[:, 0] * following[:, 1] - following[:, 0] * device[:, 1]))
    normals = np.column_stack((edges[:, 1], -edges[:, 0])) / lengths[:, None]
    if area < 0:
        normals = -normals
    corners = normals + np.roll(normals, 1, axis=0)
    size = np.hypot(corners[:, 0], corners[:, 1])  # 2 cos(half the corner's angle)
    reach = pixels * np.minimum(2 / np.maximum(size, 1e-6), 1.8)
    grown: PointArray = device + corners / np.maximum(size, 1e-6)[:, None] * reach[:, None]
    return grown
