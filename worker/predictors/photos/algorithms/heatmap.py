"""Where in a picture the evidence is: class activation maps, and their colours.

Zhou et al., Learning Deep Features for Discriminative Localization (2016): with pooling by mean and a linear head, the
answer is a sum over the places of the last feature map, so each place's share of it is exact and not an estimate.
"""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.colour_arrays import oklab_to_srgb8

# Evidence for and against, in OKLCh (lightness, chroma, hue): one lightness, so that neither looks stronger than the
# other, and hues that all kinds of colour vision tell apart (orange and blue).
_FOR: Final = (0.70, 0.17, 50.0)
_AGAINST: Final = (0.70, 0.17, 250.0)
# So that the picture is still seen where the evidence is strongest.
_MOST_ALPHA: Final = 0.72
# How strong evidence must be to be shown in full colour: so much of the log odds on the strongest place. Below it the
# colours stay faint, rather than blowing up a map that says nothing.
_FULL: Final = 0.25


def evidence_map(
    features: NDArray[np.float32], direction: NDArray[np.float64], centre: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Each place's share (h, w) of direction · (embedding - centre), which is what they add up to.

    features: (d, h, w), the network's last feature map; its mean over places, scaled to length 1, is the embedding.
    direction: (d,), the weights of the answer; centre: (d,), what is subtracted from embeddings.
    """
    channels = features.reshape(len(features), -1).astype(np.float64)
    length = np.linalg.norm(channels.mean(axis=1)) or 1.0  # features of nothing stay nothing
    shares = direction @ (channels / length - centre[:, np.newaxis]) / channels.shape[1]
    return np.asarray(shares.reshape(features.shape[1:]))


def contrast(
    weights: NDArray[np.float64], probabilities: NDArray[np.float64], answer: int
) -> NDArray[np.float64]:
    """The direction (d,) in which the log odds of `answer` against all else grow: their gradient.

    weights: (k, d) of a linear head whose softmax at this embedding is `probabilities` (k,). Of two classes, the
    difference of their weights.
    """
    others = probabilities.astype(np.float64).copy()
    others[answer] = 0
    if not others.any():  # so sure that the others have rounded to nothing: they count the same
        others[:] = 1
        others[answer] = 0
    return np.asarray(weights[answer] - others @ weights / others.sum())


def overlay(evidence: NDArray[np.float64], width: int, height: int) -> Image.Image:
    """An RGBA picture of `width` x `height` to lay over the one that `evidence` (h, w), in log odds, is about.

    Orange speaks for the answer, blue against it; what says nothing is clear.
    """
    smooth = np.asarray(
        Image.fromarray(evidence.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    )
    full = max(float(np.abs(evidence).max()), _FULL)
    strength = np.clip(np.abs(smooth) / full, 0, 1)
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = np.where(smooth[..., np.newaxis] >= 0, _rgb(_FOR), _rgb(_AGAINST))
    pixels[..., 3] = np.rint(strength * _MOST_ALPHA * 255)
    return Image.fromarray(pixels)


def explanation_png(view: NDArray[np.uint8], evidence: NDArray[np.float64], side: int = 448) -> bytes:
    """A PNG of `side` x `side`: `view` (h, w, 3) uint8 in greys, under its evidence, so that hue means evidence only."""
    grey = Image.fromarray(view).convert("L").resize((side, side), Image.Resampling.BICUBIC).convert("RGBA")
    return _png(Image.alpha_composite(grey, overlay(evidence, side, side)).convert("RGB"))


def overlay_png(
    evidence: NDArray[np.float64], width: int, height: int, box: tuple[float, float, float, float]
) -> bytes:
    """A PNG with alpha in the shape of a whole picture; clear outside of `box`, what the network saw of it.

    box: left, upper, right, lower, as shares of width and height.
    """
    whole = Image.new("RGBA", (width, height))
    left, upper, right, lower = box
    place = round(left * width), round(upper * height)
    size = max(1, round(right * width) - place[0]), max(1, round(lower * height) - place[1])
    whole.paste(overlay(evidence, *size), place)
    return _png(whole)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _rgb(colour: tuple[float, float, float]) -> NDArray[np.uint8]:
    """OKLCh as sRGB."""
    lightness, chroma, hue = colour
    angle = np.deg2rad(hue)
    return oklab_to_srgb8([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
