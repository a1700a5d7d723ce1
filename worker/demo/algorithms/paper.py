"""Families on paper: contour maps, watercolour, rivers and where they once ran."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from shared.colour import hex_to_rgb
from worker.demo.algorithms.canvas import (
    Array,
    Palette,
    Picture,
    enlarged,
    grid,
    hills,
    mix,
    noise,
    paint,
    ramp,
    rgb,
    smoothstep,
    vignette,
)
from worker.demo.algorithms.meanders import meanders

# Tints from the lowest ground to the highest (4), line, water: a map read by night.
CONTOUR_PALETTES: Final = (
    Palette("spruce and brass", ("#0d3b3e", "#14544c", "#2f7a5f", "#8aa66a", "#e9e3b4", "#08262f")),
    Palette("deep green and gold", ("#0f3f39", "#176049", "#3b8560", "#9db070", "#efe6b0", "#092a30")),
    Palette("petrol and lime", ("#0c3a44", "#135757", "#2c7f6c", "#86ac72", "#e4ecb8", "#072633")),
    Palette("pine and straw", ("#12403a", "#1d5c44", "#447d55", "#a3a766", "#f2e4ac", "#0b2b2c")),
)

# Paper and five pigments.
WATERCOLOUR_PALETTES: Final = (
    Palette("peony and plum", ("#fbf8f1", "#e88fa8", "#c65b8a", "#f4b6a6", "#8a5aa0", "#f0c7d4")),
    Palette("rose and lilac", ("#fcf9f3", "#f09cb5", "#b98bd0", "#f7c3c0", "#7f6fc0", "#e86f8f")),
    Palette("peach and mauve", ("#fbf7ee", "#f7b08c", "#d884a4", "#f6cfa0", "#a678b8", "#ef8f8f")),
    Palette("coral and orchid", ("#fcf8f2", "#f28a7f", "#cf70b0", "#f9c0a8", "#9468b4", "#f4a6bc")),
)

# Land (2), four old courses, the river, its line.
RIVER_PALETTES: Final = (
    Palette("sienna, jade and rose", ("#efe3c6", "#e2d2ac", "#d98a6a", "#8fb39a", "#e3b7a5", "#c9b36a", "#f7f3e6", "#5a4632")),
    Palette("ochre, teal and brick", ("#ece0c0", "#dccaa0", "#c9735a", "#7fa8a0", "#e0bf7a", "#b99a86", "#f8f4e8", "#4f3f30")),
    Palette("clay, moss and straw", ("#f0e6cd", "#e0d3b0", "#cf8f72", "#a3b37f", "#e8cf98", "#b88a7a", "#faf6ea", "#574433")),
    Palette("terracotta, mint and sand", ("#eee2c8", "#e4d0ae", "#d67f62", "#9cc0a8", "#efd0a8", "#c4a078", "#f9f5ec", "#5f4534")),
)  # fmt: skip


def contours(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """A walker's map: tinted heights, a line every step and a heavy one every fifth, hill shading and lakes."""
    *tints, line, water = palette.colours
    size = min(width, height)
    # Drawn small and enlarged: the lines come from its slope, which must be smooth from pixel to pixel.
    level = enlarged(hills(rng, height // 4, width // 4, size * 0.065, roughness=4.3), height, width)
    down, right = np.gradient(level, axis=0), np.gradient(level, axis=1)
    steep = np.hypot(down, right) + np.float32(1e-6)
    picture = ramp(tints, (level - 0.25) * 1.5)
    shade = (right + down) * size
    picture *= (1 - 0.05 * np.clip(shade, -2.2, 2.2))[..., None].astype(np.float32)
    shore = 0.32
    lake = smoothstep(-0.7, 0.7, (shore - level) / steep)
    paint(picture, rgb(water), lake)
    steps = 34
    # Distance to the nearest contour in pixels: height difference over slope.
    for every, half, strength in ((1, 0.55, 0.62), (5, 1.15, 0.9)):
        phase = level * steps / every
        away = np.abs(phase - np.rint(phase)) * every / steps / steep
        thin = smoothstep(half + 0.6, half - 0.3, away)
        paint(picture, rgb(line), thin * strength * (1 - 0.75 * lake))
    paint(picture, rgb(mix(water, line, 0.6)), smoothstep(1.9, 0.8, np.abs(level - shore) / steep))
    fibre = noise(rng, height, width, 5, octaves=2) - 0.5
    picture *= (1 + 0.035 * fibre)[..., None]
    return picture


def watercolour(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Translucent blooms on rough paper: each a wash that ran, with the pigment gathered along its edge."""
    paper, *pigments = palette.colours
    picture = np.broadcast_to(rgb(paper), (height, width, 3)).copy()
    size = min(width, height)
    tooth = noise(rng, height, width, 5, octaves=2)
    run = hills(rng, 1024, 1024, 110, roughness=3.3) - 0.5
    blooms = 16
    for index in range(blooms):
        reach = size * rng.uniform(0.16, 0.3) * (1 - 0.35 * index / blooms)
        # One bloom in each of sixteen fields, so that no page is left half empty.
        row, column = divmod(index * 7 % blooms, 4)
        centre = (width * (column + rng.random()) / 4, height * (row + rng.random()) / 4)
        pigment = pigments[index % len(pigments)]
        _bloom(rng, picture, run, centre, reach=reach, pigment=pigment)
    for _ in range(int(rng.integers(25, 50))):
        centre = (width * rng.random(), height * rng.random())
        drop = min(float(size * 0.0035 * rng.pareto(1.6) + 2), size * 0.02)
        _bloom(rng, picture, run, centre, reach=drop, pigment=str(rng.choice(pigments)))
    picture *= (0.965 + 0.05 * tooth)[..., None]
    return picture


def _bloom(
    rng: np.random.Generator,
    picture: Picture,
    run: Array,
    centre: tuple[float, float],
    *,
    reach: float,
    pigment: str,
) -> None:
    """One wash, in place: pigment takes light away, more of it at the rim and where it settled in the paper."""
    height, width = picture.shape[:2]
    box = 1.7 * reach
    left, right = max(0, int(centre[0] - box)), min(width, int(centre[0] + box) + 1)
    top, bottom = max(0, int(centre[1] - box)), min(height, int(centre[1] + box) + 1)
    if left >= right or top >= bottom:
        return
    y, x = grid(bottom - top, right - left)
    # One noise field serves every bloom: each reads it from another corner, stretched to its own size.
    # Read too coarsely, it would make small drops ragged.
    zoom = min(1024 / (2.2 * box + 2), 4)
    rows = ((y + top - centre[1] + box) * zoom + rng.integers(1024)).astype(np.intp) % 1024
    columns = ((x + left - centre[0] + box) * zoom + rng.integers(1024)).astype(np.intp) % 1024
    rough = run[rows, columns]
    away = np.hypot(x + left - centre[0], (y + top - centre[1]) * rng.uniform(0.8, 1.25)) / reach
    inside = 1 - away + 1.25 * rough
    soft = max(0.02, 1.5 / reach)
    body = smoothstep(0, soft, inside)
    rim = np.exp(-inside / 0.045) * body
    amount = body * (0.42 + 0.35 * rough + 0.2 * np.exp(-np.clip(inside, 0, None) * 3)) + 0.28 * rim
    amount = np.clip(amount, 0, 0.95).astype(np.float32)
    picture[top:bottom, left:right] *= 1 - amount[..., None] * (1 - rgb(pigment))


def rivers(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """A meander belt seen from above: the courses that a river left behind, and the one that it follows now.

    After the maps of the Mississippi's old beds by Harold Fisk (1944).
    """
    land, field, *old, river, line = palette.colours
    picture = ramp((land, field), noise(rng, height, width, min(width, height) * 0.3, octaves=5))
    _parcels(rng, picture, mix(field, line, 0.35))
    scale = 2
    girth = min(width, height) * rng.uniform(0.026, 0.032)
    upright = height > width
    courses = meanders(rng, max(width, height), girth, courses=16)
    # Clear, but of the land's colour: averaging down would draw a dark seam otherwise.
    beds = Image.new("RGBA", (width * scale, height * scale), (*hex_to_rgb(land), 0))
    pen = ImageDraw.Draw(beds)
    for index, course in enumerate(courses):
        age = 1 - index / (len(courses) - 1)
        across = min(width, height) / 2
        path = course[:, ::-1] + np.array([across, 0]) if upright else course + np.array([0, across])
        points = [tuple(p) for p in (path * scale).tolist()]
        last = index == len(courses) - 1
        colour = river if last else mix(old[index % len(old)], land, 0.35 * age)
        wide = girth * (1.15 if last else 1.0)
        for ink, extra in ((mix(colour, line, 0.8 if last else 0.3), 2.4 if last else 1.5), (colour, 0.0)):
            pen.line(points, fill=hex_to_rgb(ink), width=round((wide + 2 * extra) * scale), joint="curve")
    drawn = np.asarray(beds.reduce(scale), dtype=np.float32) / np.float32(255)
    paint(picture, drawn[..., :3], 0.93 * drawn[..., 3])
    fibre = noise(rng, height, width, 5, octaves=2) - 0.5
    picture *= (1 + 0.05 * fibre)[..., None]
    vignette(picture, 0.12)
    return picture


def _parcels(rng: np.random.Generator, picture: Picture, ink: str) -> None:
    """The thin grid of a land survey, a little askew."""
    height, width = picture.shape[:2]
    y, x = grid(height, width)
    angle, pitch = rng.normal(0, 0.06), min(width, height) / rng.uniform(7, 10)
    for u in (x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)):
        away = np.abs((u / pitch) % 1 - 0.5) * pitch
        paint(picture, rgb(ink), 0.35 * smoothstep(1.3, 0.3, away))
