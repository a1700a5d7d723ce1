"""Families of the night: lit windows of a city, stars and nebulae."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

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
    ramp,
    rgb,
    smoothstep,
    vignette,
    warped,
)

# Sky from the top to the roofs (3), far house, near house, warm window, cool window.
CITY_PALETTES: Final = (
    Palette(
        "midnight and amber", ("#0b1030", "#1f2a5c", "#56508c", "#39406f", "#080b1c", "#ffc766", "#9fd0ff")
    ),
    Palette("navy and gold", ("#08142e", "#173562", "#3f6a94", "#2c4a70", "#060d1a", "#ffd27a", "#b8e0ff")),
    Palette(
        "violet and honey", ("#150c30", "#36225e", "#7a4a86", "#4a3a70", "#0b0718", "#ffbe5c", "#c0b8ff")
    ),
    Palette(
        "ink and lamplight", ("#070d22", "#15254a", "#3c4a7c", "#283560", "#050812", "#ffcf80", "#a8d8f0")
    ),
)

# Space, dust, gas (2), bright core.
NEBULA_PALETTES: Final = (
    Palette("magenta and teal", ("#05060f", "#2a1244", "#b0307a", "#1f8f96", "#ffe3c8")),
    Palette("orchid and azure", ("#05060f", "#2a1246", "#b23a9a", "#2a7fb0", "#ffe8d8")),
    Palette("violet and cyan", ("#05050f", "#241452", "#8a3fc0", "#2aa0b8", "#f8e6ff")),
    Palette("rose and sea green", ("#050710", "#2e1040", "#c03f84", "#2a9a8a", "#fff0d4")),
)


def city(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Rows of towers against the last light, nearer ones darker, with a window here and there still lit."""
    top, middle, low, far, near, warm, cool = palette.colours
    y, x = grid(height, width)
    picture = ramp(
        (top, middle, low), np.broadcast_to(y / (height * 0.62), (height, width)).astype(np.float32)
    )
    _stars(rng, picture, 160, below=0.5)
    moon_x, moon_y, size = (
        width * rng.uniform(0.15, 0.85),
        height * rng.uniform(0.1, 0.26),
        min(width, height) * 0.05,
    )
    away = np.hypot(x - moon_x, y - moon_y)
    glow(picture, "#f6ecd2", (0.4 * np.exp(-away / (3 * size))).astype(np.float32))
    paint(picture, rgb("#f8f0da"), smoothstep(size + 1, size - 1, away))
    scale = 2
    rows = 4
    lights = Image.new("RGB", (width * scale, height * scale))
    walls = Image.new("RGB", (width * scale, height * scale))
    mask = Image.new("L", (width * scale, height * scale))
    for row in range(rows):
        depth = row / (rows - 1)
        colour = mix(mix(far, low, 0.35 * (1 - depth)), near, depth**0.8)
        _street(rng, (walls, lights, mask), depth, colour, (warm, cool))
    shape = np.asarray(mask.reduce(scale), dtype=np.float32) / np.float32(255)
    paint(picture, from_pillow(walls, scale), shape)
    lit = lights.reduce(scale)
    halo = np.asarray(
        lit.reduce(4).filter(ImageFilter.GaussianBlur(5)).resize((width, height), Image.Resampling.BICUBIC)
    )
    lamps = np.asarray(lit, dtype=np.float32) / np.float32(255)
    picture += lamps * (1 - picture)
    picture += 0.85 * (halo.astype(np.float32) / np.float32(255)) * (1 - picture)
    haze = 0.22 * np.exp(-((y / height - 0.80) ** 2) / 0.03)
    glow(picture, low, np.broadcast_to(haze, (height, width)).astype(np.float32))
    vignette(picture, 0.25)
    return picture


def _street(
    rng: np.random.Generator,
    layers: tuple[Image.Image, Image.Image, Image.Image],
    depth: float,
    colour: str,
    windows: tuple[str, str],
) -> None:
    """One row of towers across the page, drawn over the rows behind it: walls, lit windows, and what they cover."""
    walls, lights, mask = layers
    width, height = walls.size
    wall_pen, light_pen, mask_pen = ImageDraw.Draw(walls), ImageDraw.Draw(lights), ImageDraw.Draw(mask)
    unit = min(width, height) * (0.045 + 0.05 * depth)
    left = -rng.uniform(0, 2) * unit
    while left < width:
        wide = unit * rng.uniform(1.1, 2.6)
        tall = height * (0.50 - 0.27 * depth) * rng.uniform(0.72, 1.3) + height * 0.06
        roof = height - tall
        box = (left, roof, left + wide, float(height))
        wall_pen.rectangle(box, fill=hex_to_rgb(mix(colour, "#000000", rng.uniform(0, 0.12))))
        light_pen.rectangle(box, fill=(0, 0, 0))
        mask_pen.rectangle(box, fill=255)
        if rng.random() < 0.3:
            mast = (left + wide * 0.48, roof - unit * rng.uniform(0.5, 1.3), left + wide * 0.52, roof)
            wall_pen.rectangle(mast, fill=hex_to_rgb(colour))
            light_pen.rectangle(mast, fill=(0, 0, 0))
            mask_pen.rectangle(mast, fill=255)
        _windows(rng, light_pen, box, unit=unit, depth=depth, colours=windows)
        left += wide + unit * rng.choice((0.0, 0.0, 0.15, 0.5))


def _windows(
    rng: np.random.Generator,
    pen: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    *,
    unit: float,
    depth: float,
    colours: tuple[str, str],
) -> None:
    left, roof, right, foot = box
    pitch = unit * rng.uniform(0.2, 0.28)
    columns, floors = int((right - left) / pitch - 0.6), int((foot - roof) / (pitch * 1.35))
    if columns < 1:
        return
    margin = ((right - left) - columns * pitch) / 2
    share = rng.uniform(0.16, 0.5) + 0.12 * depth
    lit = rng.random((floors, columns)) < share
    glass = colours[0] if rng.random() < 0.78 else colours[1]
    dim = 0.45 + 0.5 * depth
    for floor, column in np.argwhere(lit).tolist():
        x, y = left + margin + (column + 0.22) * pitch, roof + (floor + 0.5) * pitch * 1.35
        ink = hex_to_rgb(mix("#000000", glass, dim * rng.uniform(0.6, 1.05)))
        pen.rectangle((x, y, x + pitch * 0.56, y + pitch * 0.75), fill=ink)


def nebula(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Glowing gas folded by turbulence, dark lanes of dust before it, and stars of many sizes."""
    space, dust, warm, cool, core = palette.colours
    size = min(width, height)
    y, x = grid(height, width)
    bend = noise(rng, height, width, size * 0.5, octaves=4) - 0.5
    sway = noise(rng, height, width, size * 0.5, octaves=4) - 0.5
    gas = warped(
        noise(rng, height, width, size * 0.55, octaves=7, gain=0.55), bend * size * 0.7, sway * size * 0.7
    )
    other = warped(
        noise(rng, height, width, size * 0.45, octaves=6, gain=0.52), sway * size * 0.6, bend * size * 0.6
    )
    centre = (width * rng.uniform(0.35, 0.65), height * rng.uniform(0.35, 0.65))
    angle = rng.uniform(0, np.pi)
    u = ((x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)) / max(width, height)
    v = ((y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle)) / size
    band = np.exp(-((u / 0.5) ** 2) - (v / 0.36) ** 2).astype(np.float32)
    picture = ramp((space, dust), (0.25 + 0.75 * band) * (0.35 + 0.65 * other))
    _stars(rng, picture, 2600, below=1.0)
    glow(picture, cool, 0.95 * smoothstep(0.36, 0.85, other) * (0.2 + 0.8 * band))
    glow(picture, warm, 1.0 * smoothstep(0.38, 0.80, gas) * band)
    glow(picture, core, 0.85 * smoothstep(0.58, 0.92, gas) * smoothstep(0.4, 0.95, band))
    folds = np.abs(warped(other, bend * size * 0.25, sway * size * 0.25) * 2 - 1)
    lanes = smoothstep(0.16, 0.0, folds) * band * smoothstep(0.25, 0.6, gas)
    paint(picture, rgb(mix(space, dust, 0.5)), 0.45 * lanes)
    _bright_stars(rng, picture, int(rng.integers(14, 26)))
    vignette(picture, 0.3)
    return picture


def _stars(rng: np.random.Generator, picture: Picture, count: int, *, below: float) -> None:
    """Faint stars of one or a few pixels, in the upper share `below` of the page; few are bright."""
    height, width = picture.shape[:2]
    rows, columns = rng.uniform(1, height * below - 2, count), rng.uniform(1, width - 2, count)
    bright = np.clip(0.22 * (1 + rng.pareto(1.8, count)), 0, 1.6).astype(np.float32)
    tint = np.stack([_star_colour(t) for t in rng.random(count)])
    # A star between pixels shares its light among four of them.
    for dy in (0, 1):
        for dx in (0, 1):
            share = np.abs(1 - dy - rows % 1) * np.abs(1 - dx - columns % 1)
            light = np.clip((share * bright).astype(np.float32)[:, None] * tint, 0, 1)
            at = (rows.astype(np.intp) + dy, columns.astype(np.intp) + dx)
            picture[at] += light * (1 - picture[at])


def _bright_stars(rng: np.random.Generator, picture: Picture, count: int) -> None:
    """Stars with a halo and the four spikes that a telescope's mirror support draws."""
    height, width = picture.shape[:2]
    for _ in range(count):
        size = float(np.clip(1.3 + rng.pareto(1.7), 1.3, 7.5)) * min(width, height) / 1000
        reach = int(size * 14) + 2
        cy, cx = int(rng.uniform(0, height)), int(rng.uniform(0, width))
        top, left = max(0, cy - reach), max(0, cx - reach)
        part = picture[top : cy + reach, left : cx + reach]
        y, x = grid(*part.shape[:2])
        dy, dx = y + top - cy, x + left - cx
        away = np.hypot(dy, dx)
        spike = np.exp(-np.abs(dy) / (0.35 * size)) * np.exp(-np.abs(dx) / (3.2 * size))
        spike = spike + np.exp(-np.abs(dx) / (0.35 * size)) * np.exp(-np.abs(dy) / (3.2 * size))
        light = np.exp(-((away / size) ** 2)) * 1.2 + 0.25 * np.exp(-away / (2.4 * size)) + 0.6 * spike
        colour = _star_colour(float(rng.random()))
        part += colour * np.clip(light, 0, 1)[..., None].astype(np.float32) * (1 - part)


def _star_colour(warmth: float) -> Array:
    """From blue-white (0) to amber (1), as stars are by their temperature."""
    return ramp(("#b8d0ff", "#ffffff", "#fff2d8", "#ffd6a0"), np.array(warmth, dtype=np.float32))
