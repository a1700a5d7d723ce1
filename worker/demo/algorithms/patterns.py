"""Families of pure geometry: moiré rings, Bauhaus tiles, azulejos, stained glass."""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shared.colour import hex_to_rgb
from worker.demo.algorithms.canvas import (
    Array,
    Palette,
    Picture,
    from_pillow,
    glow,
    grid,
    mix,
    noise,
    paint,
    rgb,
    smoothstep,
    vignette,
)

_Ink = tuple[int, int, int]
_Polygon = list[tuple[float, float]]

# Paper, first ink, second ink, disc.
RING_PALETTES: Final = (
    Palette("vermilion and ink", ("#f4eddd", "#1d2b4f", "#d8432e", "#f2c14e")),
    Palette("cobalt and rust", ("#f1ece0", "#1f3fa8", "#b5472a", "#f0b88a")),
    Palette("violet and tangerine", ("#f6efe4", "#4b2a7b", "#e8722c", "#f6c667")),
    Palette("petrol and crimson", ("#f2ede1", "#0f4c5c", "#c21e56", "#f3a8a0")),
)

# Ground and four colours.
BAUHAUS_PALETTES: Final = (
    Palette("red, yellow and blue", ("#f3ead7", "#d83a2b", "#f0b52b", "#1f4e9c", "#1c1b1a")),
    Palette("brick, mustard and teal", ("#f5eddc", "#c2452d", "#e5a823", "#17706e", "#22252b")),
    Palette("poppy, sun and navy", ("#efe6d0", "#e2502f", "#f4c542", "#16325c", "#3a2a24")),
    Palette("scarlet, ochre and ultramarine", ("#f6f0e2", "#cf2e3a", "#dda12e", "#2a3fa0", "#141414")),
)

# Glaze, dark blue, light blue, accent, grout.
TILE_PALETTES: Final = (
    Palette("cobalt and lemon", ("#f3f4ef", "#163a8a", "#6d9bd8", "#f0c43c", "#b9b6aa")),
    Palette("royal blue and amber", ("#f6f3ea", "#1e2f8f", "#7f96dd", "#e8a42e", "#bdb4a2")),
    Palette("indigo and saffron", ("#eef2f2", "#20286b", "#5f86c4", "#f2b632", "#aeb2ae")),
    Palette("delft blue and honey", ("#f4f2ec", "#22489a", "#86aee0", "#e6b14a", "#b8b3a8")),
)

# Six panes and the light that falls through them.
GLASS_PALETTES: Final = (
    Palette(
        "ruby and sapphire", ("#8e1230", "#c8283a", "#1d3f9e", "#2f6fd0", "#e9a820", "#5b1a6e", "#fff0c8")
    ),
    Palette(
        "emerald and garnet", ("#0f5a3c", "#1f8a55", "#8f1732", "#c63a3f", "#e3b23a", "#1b3a7a", "#fff3d0")
    ),
    Palette(
        "amethyst and topaz", ("#4a1d7a", "#7a3fb0", "#c2345a", "#e78a22", "#f0c040", "#20509a", "#fff0d6")
    ),
    Palette(
        "turquoise and coral", ("#0c6a7a", "#1fa0a6", "#d8432f", "#f08a4a", "#f2c84a", "#2a2f86", "#fff4dc")
    ),
)


def rings(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Two sets of concentric rings printed over each other like inks: they beat into a third pattern."""
    paper, first, second, disc = palette.colours
    y, x = grid(height, width)
    short = min(width, height)
    picture = np.broadcast_to(rgb(paper), (height, width, 3)).copy()
    centre = (width / 2 + short * rng.normal(0, 0.08), height / 2 + short * rng.normal(0, 0.08))
    away = np.hypot(x - centre[0], y - centre[1])
    _print(picture, disc, smoothstep(0.5, -0.5, away - short * rng.uniform(0.2, 0.34)))
    angle = rng.uniform(0, 2 * math.pi)
    offset = short * rng.uniform(0.05, 0.13)
    pitch = short * rng.uniform(0.017, 0.024)
    for ink, side in ((first, 1), (second, -1)):
        shift = side * offset
        radius = np.hypot(x - centre[0] - shift * math.cos(angle), y - centre[1] - shift * math.sin(angle))
        # A triangle wave in pixels: the distance to the middle of the nearest line, so that edges are one pixel soft.
        step = pitch * (1 + 0.035 * side)
        nearest = np.abs((radius / step) % 1 - 0.5) * step
        _print(picture, ink, smoothstep(0.6, -0.6, nearest - step * 0.23))
    margin = short * 0.045
    frame = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    paint(picture, rgb(paper), smoothstep(margin + 0.5, margin - 0.5, frame))
    return picture


def _print(picture: Picture, ink: str, amount: Array) -> None:
    """Overprint: ink takes light away from what lies under it."""
    picture *= 1 - amount[..., None] * (1 - rgb(ink)) * np.float32(0.94)


def bauhaus(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Square tiles with quarter circles, half circles, leaves, stripes and rings in a few flat colours."""
    ground, *inks = palette.colours
    scale = 2
    cells = int(rng.integers(4, 6))
    side = min(width, height) // cells
    columns, rows = -(-width // side), -(-height // side)
    size = side * scale
    board = Image.new("RGB", (columns * size, rows * size), hex_to_rgb(ground))
    for row in range(rows):
        for column in range(columns):
            board.paste(_bauhaus_tile(rng, size, ground, inks), (column * size, row * size))
    left, top = (columns * size - width * scale) // 2, (rows * size - height * scale) // 2
    picture = from_pillow(board.crop((left, top, left + width * scale, top + height * scale)), scale)
    paper = noise(rng, height, width, 6, octaves=2) - 0.5
    picture *= (1 + 0.05 * paper)[..., None]
    return picture


def _bauhaus_tile(rng: np.random.Generator, size: int, ground: str, inks: list[str]) -> Image.Image:
    back, front, third = (hex_to_rgb(str(c)) for c in rng.choice([ground, ground, *inks], 3, replace=False))
    if back == front:
        front = hex_to_rgb(inks[0])
    tile = Image.new("RGB", (size, size), back)
    pen = ImageDraw.Draw(tile)
    _MOTIFS[int(rng.choice(len(_MOTIFS), p=_MOTIF_SHARES))](pen, size, front, third)
    return tile.rotate(90 * int(rng.integers(4)))


def _quarter(pen: ImageDraw.ImageDraw, size: int, front: _Ink, third: _Ink) -> None:
    pen.ellipse((0, 0, 2 * size - 1, 2 * size - 1), fill=front)
    pen.ellipse((size // 2, size // 2, 3 * size // 2, 3 * size // 2), fill=third)


def _plain_quarter(pen: ImageDraw.ImageDraw, size: int, front: _Ink, _third: _Ink) -> None:
    pen.ellipse((0, 0, 2 * size - 1, 2 * size - 1), fill=front)


def _half(pen: ImageDraw.ImageDraw, size: int, front: _Ink, third: _Ink) -> None:
    pen.ellipse((0, size // 2, size - 1, 3 * size // 2), fill=front)
    pen.ellipse((0, -size // 2, size - 1, size // 2 - 1), fill=third)


def _disc(pen: ImageDraw.ImageDraw, size: int, front: _Ink, third: _Ink) -> None:
    for inset, ink in ((0.1, front), (0.3, third)):
        pen.ellipse((inset * size, inset * size, (1 - inset) * size, (1 - inset) * size), fill=ink)


def _arches(pen: ImageDraw.ImageDraw, size: int, front: _Ink, third: _Ink) -> None:
    for step, ink in ((1.0, front), (0.75, third), (0.5, front), (0.25, third)):
        pen.ellipse((size * (1 - step), size * (1 - step), size * (1 + step), size * (1 + step)), fill=ink)


def _stripes(pen: ImageDraw.ImageDraw, size: int, front: _Ink, _third: _Ink) -> None:
    for band in range(4):
        pen.rectangle((0, band * size // 4, size, band * size // 4 + size // 8 - 1), fill=front)


def _triangle(pen: ImageDraw.ImageDraw, size: int, front: _Ink, third: _Ink) -> None:
    pen.polygon([(0, 0), (size, 0), (0, size)], fill=front)
    pen.polygon([(0, 0), (size // 2, 0), (0, size // 2)], fill=third)


def _leaf(pen: ImageDraw.ImageDraw, size: int, front: _Ink, _third: _Ink) -> None:
    # Where two quarter discs meet, as a polygon of both arcs.
    angle = np.linspace(0, np.pi / 2, 48)
    there = np.stack([size * np.cos(angle), size * np.sin(angle)], axis=1)
    back = size - there
    pen.polygon([tuple(p) for p in np.concatenate([there, back]).tolist()], fill=front)


_MOTIFS: Final[tuple[Callable[[ImageDraw.ImageDraw, int, _Ink, _Ink], None], ...]] = (
    _quarter,
    _plain_quarter,
    _half,
    _disc,
    _arches,
    _stripes,
    _triangle,
    _leaf,
)
_MOTIF_SHARES: Final = (0.18, 0.18, 0.14, 0.1, 0.12, 0.08, 0.1, 0.1)


def azulejo(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """A wall of glazed tiles that repeat one motif with the eight symmetries of the square."""
    glaze, dark, light, accent, grout = palette.colours
    side = round(min(width, height) / int(rng.integers(3, 5)))
    tile = _azulejo_tile(rng, side, (glaze, dark, light, accent))
    rows, columns = -(-height // side), -(-width // side)
    wall = np.tile(tile, (rows, columns, 1))
    # Each tile came out of the kiln a little lighter or darker than its neighbours.
    firing = rng.normal(1, 0.025, (rows, columns)).astype(np.float32)
    wall *= np.kron(firing, np.ones((side, side), dtype=np.float32))[..., None]
    y, x = grid(*wall.shape[:2])
    seam = np.minimum(np.minimum(x % side, side - 1 - x % side), np.minimum(y % side, side - 1 - y % side))
    wall *= (0.90 + 0.10 * smoothstep(1.5, side * 0.06, seam))[..., None]
    paint(wall, rgb(grout), smoothstep(side * 0.012 + 1, side * 0.012 - 0.5, seam))
    picture = np.ascontiguousarray(wall[:height, :width])
    sheen = noise(rng, height, width, side * 1.3, octaves=3)
    glow(picture, "#ffffff", 0.16 * smoothstep(0.55, 0.95, sheen))
    picture *= (0.93 + 0.12 * noise(rng, height, width, height * 0.7, octaves=2))[..., None]
    return picture


def _azulejo_tile(rng: np.random.Generator, side: int, colours: tuple[str, str, str, str]) -> Picture:
    """One tile: bands, roses and petals as functions of the folded polar coordinates about its centre and corner."""
    glaze, dark, light, accent = colours
    scale = 2
    y, x = grid(side * scale, side * scale)
    u, v = np.abs(2 * (x + 0.5) / (side * scale) - 1), np.abs(2 * (y + 0.5) / (side * scale) - 1)
    u, v = np.broadcast_to(u, (side * scale,) * 2), np.broadcast_to(v, (side * scale,) * 2)
    tile = np.broadcast_to(rgb(glaze), (side * scale, side * scale, 3)).copy()
    soft = 2.0 / side
    petals = int(rng.choice((4, 8)))
    heart, corner = np.hypot(u, v), np.hypot(1 - u, 1 - v)
    around, around_corner = np.arctan2(v, u), np.arctan2(1 - v, 1 - u)

    def fill(colour: str, inside: NDArray[np.floating[Any]]) -> None:
        paint(tile, rgb(colour), smoothstep(-soft, soft, inside))

    def band(colour: str, distance: Array, at: float, half: float) -> None:
        fill(colour, half - np.abs(distance - at))

    wide, reach = rng.uniform(0.72, 0.86), rng.uniform(0.5, 0.62)
    fill(light, wide * (0.80 + 0.20 * np.cos(petals * around)) - heart)
    fill(glaze, (wide - 0.07) * (0.80 + 0.20 * np.cos(petals * around)) - heart)
    fill(dark, reach * np.abs(np.cos(petals / 2 * around)) ** rng.uniform(0.5, 0.9) - heart)
    fill(light, (reach - 0.13) * np.abs(np.cos(petals / 2 * around)) ** 0.9 - heart)
    fill(glaze, (reach - 0.2) * np.abs(np.cos(petals / 2 * around)) ** 1.6 - heart)
    fill(accent, np.float32(rng.uniform(0.13, 0.18)) - heart)
    band(dark, heart, rng.uniform(0.19, 0.23), 0.022)
    ring = rng.uniform(0.5, 0.62)
    band(dark, corner, ring, 0.045)
    band(light, corner, ring - 0.1, 0.02)
    fill(dark, (ring - 0.16) * np.abs(np.cos(4 * around_corner)) ** 0.7 - corner)
    fill(glaze, (ring - 0.27) * np.abs(np.cos(4 * around_corner)) ** 0.9 - corner)
    fill(accent, np.float32(0.12) - corner)
    if rng.random() < 0.5:
        band(dark, np.maximum(u, v), 0.93, 0.02)
    diamond = np.abs(u + v - 1)
    fill(dark, 0.05 - np.hypot(diamond, np.abs(u - v) - rng.uniform(0.55, 0.75)))
    halves = tile.reshape(side, scale, side, scale, 3)
    out: Picture = halves.mean(axis=(1, 3), dtype=np.float32)
    return out


def stained_glass(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Leaded panes: the Voronoi cells of points that stand in rings around a rose."""
    *panes, light = palette.colours
    scale = 2
    points, ring_of = _rose(rng, width, height)
    lead = round(min(width, height) * 0.0075) * scale
    window = Image.new("RGB", (width * scale, height * scale))
    pen = ImageDraw.Draw(window)
    turn = int(rng.integers(len(panes)))
    for index, cell in enumerate(_voronoi_cells(points, width, height)):
        base = panes[(ring_of[index] + turn) % len(panes)] if rng.random() < 0.72 else str(rng.choice(panes))
        colour = mix(base, light if rng.random() < 0.5 else "#120a18", rng.uniform(0, 0.2))
        corners = [(x * scale, y * scale) for x, y in cell]
        pen.polygon(corners, fill=hex_to_rgb(colour))
        pen.line([*corners, corners[0]], fill=(16, 14, 18), width=lead, joint="curve")
    picture = from_pillow(window, scale)
    y, x = grid(height, width)
    shine = np.exp(-(((x / width - 0.5) / 0.5) ** 2 + ((y / height - 0.45) / 0.55) ** 2))
    bubbles = noise(rng, height, width, 42, octaves=4, gain=0.6)
    picture *= (0.62 + 0.55 * shine + 0.5 * (bubbles - 0.5))[..., None].astype(np.float32)
    glow(picture, light, (0.16 * shine * bubbles).astype(np.float32))
    vignette(picture, 0.3)
    return picture


def _rose(rng: np.random.Generator, width: int, height: int) -> tuple[Array, list[int]]:
    """Points on jittered rings about the middle, (n, 2) as x, y, and the ring of each."""
    short = min(width, height)
    centre = np.array([width / 2, height / 2]) + rng.normal(0, 0.03, 2) * short
    gap = short * rng.uniform(0.085, 0.11)
    points, ring_of = [centre], [0]
    for ring in range(1, int(np.hypot(width, height) / 2 / gap) + 2):
        count = 6 * ring if ring < 4 else 4 * ring + 6
        angle = 2 * np.pi * (np.arange(count) + 0.5 * (ring % 2)) / count + rng.normal(0, 0.10 / ring, count)
        radius = gap * ring * (1 + rng.normal(0, 0.035, count))
        points.extend(
            np.stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)], axis=1)
        )
        ring_of.extend([ring] * count)
    return np.array(points, dtype=np.float32), ring_of


def _voronoi_cells(points: Array, width: int, height: int) -> list[_Polygon]:
    """Each point's Voronoi cell as a polygon of (x, y): the page, cut along the bisector with each near point."""
    margin = float(max(width, height))
    left, top, right, bottom = -margin, -margin, width + margin, height + margin
    page: _Polygon = [(left, top), (right, top), (right, bottom), (left, bottom)]
    cells = []
    for point in points:
        cell = page
        for other in points[np.argsort(((points - point) ** 2).sum(axis=1))[1:25]]:
            (x, y), (away_x, away_y) = ((point + other) / 2).tolist(), (other - point).tolist()
            cell = _cut(cell, x, y, away_x, away_y)
        cells.append(cell)
    return cells


def _cut(polygon: _Polygon, x: float, y: float, away_x: float, away_y: float) -> _Polygon:
    """The part of a convex polygon on the near side of the line through (x, y) across `away` (Sutherland-Hodgman)."""
    sides = [(px - x) * away_x + (py - y) * away_y for px, py in polygon]
    if max(sides) <= 0:
        return polygon
    kept = []
    for index, (here, s) in enumerate(zip(polygon, sides, strict=True)):
        there, t = polygon[index - 1], sides[index - 1]
        if (s <= 0) != (t <= 0):
            share = s / (s - t)
            kept.append((here[0] + (there[0] - here[0]) * share, here[1] + (there[1] - here[1]) * share))
        if s <= 0:
            kept.append(here)
    return kept
