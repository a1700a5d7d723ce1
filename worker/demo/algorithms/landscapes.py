"""Families seen from the ground: dunes at dusk, the sea at sunset, trunks in fog."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from worker.demo.algorithms.canvas import (
    Array,
    Palette,
    Picture,
    coverage,
    enlarged,
    glow,
    grid,
    mix,
    noise,
    paint,
    ramp,
    rgb,
    ridge_line,
    smoothstep,
    vignette,
)

# Sky from the top to the horizon (3), sun, far dune, lit sand, sand in shadow.
DUNE_PALETTES: Final = (
    Palette("rose and plum", ("#4a3a6b", "#c0628a", "#ffb88a", "#fff1d0", "#c07a86", "#e8935f", "#3a1f3f")),
    Palette(
        "amber and violet", ("#3b2f6e", "#a8568c", "#ff9e6a", "#ffe9b8", "#a9607f", "#f0a04f", "#35163a")
    ),
    Palette("copper and wine", ("#5d3a5e", "#cf6a62", "#ffc27d", "#fff3cf", "#c9755f", "#e58a4a", "#4a1a2c")),
    Palette(
        "apricot and indigo", ("#2f3a78", "#9a6a9c", "#ffb48c", "#fff0d8", "#96658c", "#eaa070", "#28204f")
    ),
)

# Sky from the top to the horizon (3), sun, deep water, lit water.
SEA_PALETTES: Final = (
    Palette("gold on teal", ("#16324f", "#3f7f94", "#ffd9a0", "#fff6dd", "#0b2f3f", "#ffd08a")),
    Palette("coral on blue", ("#1b2b5c", "#5f7fb8", "#ff9d7e", "#fff0dc", "#10284f", "#ffa98a")),
    Palette("lemon on slate", ("#26435a", "#6d9fae", "#fbe7a2", "#fffbe6", "#123447", "#fff0b0")),
    Palette("blush on turquoise", ("#184a5f", "#58a7ad", "#ffc7bd", "#fff4ea", "#0a3c4c", "#ffd2c2")),
)

# Fog, light through the fog, far trunk, near trunk, ground.
FOREST_PALETTES: Final = (
    Palette("sage and moss", ("#c9d8c6", "#fdf9d8", "#a3b9a6", "#16241c", "#2e4030")),
    Palette("mist and pine", ("#c3d6cc", "#f8fbe4", "#9bb6a8", "#12231f", "#243c34")),
    Palette("lichen and bark", ("#cdd9bd", "#fff8d0", "#a8ba9b", "#1a2416", "#354228")),
    Palette("mint and spruce", ("#bfdccb", "#f8ffe0", "#97bba7", "#0f2620", "#1f4234")),
)


def dunes(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Ridges of sand under a low sun: each nearer ridge larger and darker, its lee side in shadow."""
    top, middle, low, sun, far, lit, shade = palette.colours
    y, x = grid(height, width)
    horizon = height * rng.uniform(0.38, 0.5)
    picture = ramp((top, middle, low), np.broadcast_to(y / horizon, (height, width)).astype(np.float32))
    sun_x, sun_y, size = (
        width * rng.uniform(0.2, 0.8),
        horizon * rng.uniform(0.45, 0.8),
        0.055 * min(width, height),
    )
    away = np.hypot(x - sun_x, y - sun_y)
    glow(picture, sun, 0.75 * np.exp(-away / (5 * size)))
    paint(picture, rgb(sun), smoothstep(size + 1, size - 1, away))
    layers = 7
    for layer in range(layers):
        depth = layer / (layers - 1)
        reach = min(width, height) * (0.07 + 0.20 * depth)
        swell = ridge_line(rng, width, width * (0.30 + 0.35 * depth), octaves=3, gain=0.32)
        crest = 1 - np.abs(2 * swell - 1) ** 1.15
        line = (horizon + (height - horizon) * 0.92 * depth**1.35 - reach * (crest - 0.35)).astype(np.float32)
        # Only the rows from the crest down to where the next ridges hide this one.
        first, last = max(0, int(line.min()) - 1), min(height, int(line.max() + height * 0.4))
        below = y[first:last] - line[None, :]
        light, dark = mix(far, lit, depth * 1.1), mix(mix(far, low, 0.2), shade, depth**0.7)
        sand = _sand(rng, line, below, depth, light=light, dark=dark)
        paint(picture[first:last], sand, np.clip(below + 0.5, 0, 1))
    vignette(picture, 0.25)
    return picture


def _sand(
    rng: np.random.Generator, line: Array, below: Array, depth: float, *, light: str, dark: str
) -> Picture:
    """The face of one ridge: light where the crest rises away from the sun, swept down the slope, with wind ripples."""
    height, width = below.shape
    size = min(len(line), 1000)
    slope = np.gradient(np.convolve(np.pad(line, 20, mode="edge"), np.ones(41) / 41, mode="valid"))
    facing = smoothstep(-0.28, 0.28, slope * (1.6 - 0.8 * depth))
    columns = np.arange(width)[None, :] + (0.9 * np.clip(below, 0, None)).astype(np.intp)
    face = facing[np.clip(columns, 0, width - 1)]
    fade = np.exp(-np.clip(below, 0, None) / (size * (0.16 + 0.25 * depth)))
    tone = 0.42 + (face - 0.42) * (0.35 + 0.65 * fade)
    bend = noise(rng, height, width, size * 0.15, octaves=2, stretch=2.5)
    tone += (0.05 * depth * np.sin(below * (0.42 - 0.2 * depth) + 26 * bend)).astype(np.float32)
    return ramp((dark, mix(dark, light, 0.45), light), tone.astype(np.float32))


def sea(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """A sun over a straight horizon, streaked clouds above it, a path of glitter below it."""
    top, middle, low, sun, deep, shine = palette.colours
    y, x = grid(height, width)
    horizon = round(height * rng.uniform(0.46, 0.6))
    sky_at = np.broadcast_to((y / horizon) ** 1.2, (height, width)).astype(np.float32)
    picture = ramp((top, middle, low), sky_at)
    sun_x, size = width * rng.uniform(0.3, 0.7), 0.075 * min(width, height)
    sun_y = horizon - size * rng.uniform(0.1, 1.8)
    away = np.hypot(x - sun_x, y - sun_y)
    glow(picture, low, 0.6 * np.exp(-away / (6 * size)))
    cloud = noise(rng, height, width, height * 0.12, octaves=6, stretch=5.5, gain=0.5)
    paint(
        picture,
        rgb(mix(top, middle, 0.3)),
        0.8 * smoothstep(0.46, 0.85, cloud) * smoothstep(1.0, 0.25, y / horizon),
    )
    # The low sun lights clouds from below: what a cloud has above itself is in its shadow.
    lit = np.clip(np.roll(cloud, -round(height * 0.012), axis=0) - cloud, 0, None) * -1 + smoothstep(
        0.42, 0.62, cloud
    )
    glow(picture, mix(low, sun, 0.3), 0.42 * np.clip(lit, 0, 1) * smoothstep(0.15, 0.85, y / horizon))
    paint(picture, rgb(sun), smoothstep(size + 1, size - 1, away))
    picture[horizon:] = _water(
        rng, (height - horizon, width), sun_x=sun_x, sun_size=size, colours=(middle, low, deep, shine)
    )
    haze = np.exp(-np.abs(y - horizon) / (height * 0.012)) * 0.45
    paint(picture, rgb(mix(low, middle, 0.3)), np.broadcast_to(haze, (height, width)).astype(np.float32))
    vignette(picture, 0.2)
    return picture


def _water(
    rng: np.random.Generator,
    shape: tuple[int, int],
    *,
    sun_x: float,
    sun_size: float,
    colours: tuple[str, str, str, str],
) -> Picture:
    """Waves that grow toward the viewer, and the sun's glitter on them, in a path that widens."""
    middle, low, deep, shine = colours
    rows, width = shape
    y, x = grid(rows, width)
    near = (y / rows).astype(np.float32)
    # Perspective: equal steps of distance lie closer together toward the horizon.
    distance = 1 / (0.05 + near)
    waves = np.zeros((rows, width), dtype=np.float32)
    for along in (np.geomspace(9, 210, 15) * rng.uniform(0.85, 1.15, 15)).tolist():
        across = along * rng.uniform(-0.0007, 0.0007) * 1000 / max(width, rows)
        # A wave shorter than a few pixels would alias: it fades out before.
        seen = smoothstep(1.5, 0.5, along * distance**2 / rows) * along**-0.18
        waves += seen * np.sin(along * distance + across * (x - sun_x) * distance + rng.uniform(0, 6.3)) / 5
    ruffle = noise(rng, rows, width, max(rows * 0.05, 4), octaves=4, stretch=8.0, gain=0.6) - 0.5
    waves += ruffle * (0.35 + 0.7 * near)
    water = ramp((low, mix(middle, deep, 0.35), deep, mix(deep, "#000000", 0.25)), near**0.62 + 0.2 * waves)
    path = np.exp(-(((x - sun_x) / (sun_size * (0.9 + 2.6 * near))) ** 2))
    sparkle = smoothstep(0.0, 0.35, waves - 0.35 + 0.5 * path) * path**0.5
    paint(water, rgb(shine), np.clip(sparkle * (1 - 0.2 * near), 0, 1).astype(np.float32))
    return water


def forest(rng: np.random.Generator, width: int, height: int, palette: Palette) -> Picture:
    """Rows of trunks, each row nearer, darker and thicker than the one before, with fog between them."""
    fog, light, far, near, ground = palette.colours
    y, x = grid(height, width)
    fade = np.hypot((x - width * rng.uniform(0.3, 0.7)) / width, (y - height * 0.35) / height)
    picture = ramp((light, fog, mix(fog, far, 0.4)), (fade * 1.5).astype(np.float32))
    bark = smoothstep(0.55, 0.9, noise(rng, height, width, 60, octaves=3, stretch=0.12))
    rows = 6
    for row in range(rows):
        depth = row / (rows - 1)
        colour = mix(far, near, depth**1.1)
        floor = height * (0.70 + 0.27 * depth)
        line = floor + height * 0.05 * (ridge_line(rng, width, width * 0.3, octaves=5) - 0.5)
        trunks = _trunks(rng, width, height, depth)
        paint(picture, rgb(colour), trunks * (0.9 + 0.1 * depth))
        paint(picture, rgb(light), trunks * bark * (0.12 + 0.10 * depth))
        earth = np.clip(y - line.astype(np.float32)[None, :], 0, 1)
        paint(picture, rgb(mix(mix(far, ground, depth), fog, 0.25 * (1 - depth))), earth)
        if row < rows - 1:
            veil = enlarged(
                noise(rng, height // 8, width // 8, height * 0.045, octaves=3, stretch=2.2), height, width
            )
            low_lying = smoothstep(0.15, 0.95, y / height)
            paint(picture, rgb(mix(fog, light, 0.3)), ((0.16 + 0.42 * veil) * low_lying).astype(np.float32))
    vignette(picture, 0.25)
    return picture


def _trunks(rng: np.random.Generator, width: int, height: int, depth: float) -> Array:
    scale = 2
    mask = Image.new("L", (width * scale, height * scale))
    pen = ImageDraw.Draw(mask)
    girth = width * (0.006 + 0.030 * depth**1.6) * scale
    count = round(26 - 19 * depth)
    steps = np.linspace(0, 1, 9)
    for place in (np.arange(count) + rng.uniform(0, 1, count)) / count:
        lean, bow = rng.normal(0, 0.012, 2) * width * scale
        half = girth * rng.uniform(0.55, 1.2) / 2
        middle = place * width * scale + lean * (1 - steps) + bow * np.sin(np.pi * steps)
        halves = half * (0.62 + 0.38 * steps + 0.5 * np.clip(steps - 0.9, 0, None) * 8)
        down = steps * height * scale
        left, right = np.stack([middle - halves, down], axis=1), np.stack([middle + halves, down], axis=1)
        pen.polygon([tuple(point) for point in np.concatenate([left, right[::-1]]).tolist()], fill=255)
        for _ in range(int(rng.integers(0, 6))):
            at = rng.uniform(0, 0.5)
            _branch(rng, pen, float(np.interp(at, steps, middle)), height * scale * at, half)
    return coverage(mask, scale)


def _branch(rng: np.random.Generator, pen: ImageDraw.ImageDraw, x: float, y: float, half: float) -> None:
    """A bough that leaves the trunk level, bends up and thins out to nothing."""
    side, length = rng.choice((-1.0, 1.0)), half * rng.uniform(5, 14)
    steps = np.linspace(0, 1, 12)
    out, up = side * length * steps, length * (0.15 * steps + rng.uniform(0.3, 0.7) * steps**2)
    thick = half * 0.24 * (1 - steps) + 0.5
    ends = np.stack([x + out, y - up], axis=1)
    rim = np.stack([np.zeros_like(thick), thick], axis=1)
    pen.polygon([tuple(p) for p in np.concatenate([ends - rim, (ends + rim)[::-1]]).tolist()], fill=255)
