"""Fits `shared/data/basic_terms.csv`: which of eleven basic terms people call a colour by.

    python -m tools.fit_basic_terms COLOUR_TERMS.json

COLOUR_TERMS.json: a list of `{hex, term}`, colours and the term that most people gave them. It has no white, since hardly
anybody was shown any, few greys, and few pale colours: what is known of greys is added (`_GREYS`), and the pale ones of
`shared/data/colour_names.csv`. The model is a multinomial logistic
regression on OKLab's coordinates, their squares and products. Prints how often it is right on colours that it was not fitted
to, in five parts by chance and in five parts by hue; what is added is no part of the figure.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shared.colour import hex_to_rgb, rgb_to_oklab
from shared.colour_names import BASIC_TERMS, named_colors, quadratic_features, terms_file
from worker.colour_arrays import srgb8_to_oklab

_DIGITS: Final = 3
_PARTS: Final = 5
# Grey levels from the first to the last, and what they are.
_GREYS: Final = ((0, 40, "black"), (75, 215, "grey"), (238, 255, "white"))
# How far from grey a colour may be and still have that term: one step of 8 bits in one channel, and three.
_TINTS: Final = (0, 3)
# From which lightness a colour is pale, and how often one of those that are added counts.
_PALE: Final = 0.85
_PALE_COUNTS: Final = 5


def main() -> None:
    """Fits, tells how well, and writes."""
    colours, terms, asked = _read(Path(sys.argv[1]))
    features = np.array([quadratic_features(*lab) for lab in srgb8_to_oklab(colours).tolist()])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=100, max_iter=5000))
    oklab = srgb8_to_oklab(colours)
    hues = np.digitize(np.arctan2(oklab[:, 2], oklab[:, 1]), np.linspace(-np.pi, np.pi, 50))
    by_chance = cross_val_predict(model, features, terms, cv=KFold(_PARTS, shuffle=True, random_state=1))
    by_hue = cross_val_predict(model, features, terms, groups=hues, cv=GroupKFold(_PARTS))
    right = [np.mean(told[:asked] == terms[:asked]) for told in (by_chance, by_hue)]
    sys.stdout.write(f"right: {right[0]:.4f} by chance, {right[1]:.4f} by hue\n")
    model.fit(features, terms)
    _write(model)


def _read(file: Path) -> tuple[NDArray[np.uint8], NDArray[Any], int]:
    """Colours, their terms, and how many of them, from the first, people were asked about."""
    known = [(hex_to_rgb(each["hex"]), each["term"]) for each in json.loads(file.read_text())]
    asked = len(known)
    for first, last, term in _GREYS:
        for level in range(first, last + 1):
            for tint in _TINTS:
                known += [
                    (tuple(max(level - tint * (channel == other), 0) for other in range(3)), term)
                    for channel in range(3)
                ]
    for named in named_colors():
        if rgb_to_oklab(named.rgb).l > _PALE:
            known += [(named.rgb, named.term)] * _PALE_COUNTS
    return np.array([rgb for rgb, _ in known], np.uint8), np.array([term for _, term in known]), asked


def _write(model: Any) -> None:
    scaler, regression = model
    factors = regression.coef_ / scaler.scale_
    constants = regression.intercept_ - factors @ scaler.mean_
    rows = {
        term: [round(float(number), _DIGITS) for number in (constant, *row)]
        for term, constant, row in zip(regression.classes_, constants, factors, strict=True)
    }
    with terms_file().open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("term", "constant", "l", "a", "b", "ll", "la", "lb", "aa", "ab", "bb"))
        writer.writerows((term, *rows[term]) for term in BASIC_TERMS)


if __name__ == "__main__":
    main()
