"""Text of strangers as it is shown: without characters that nobody sees, or that turn what stands around them."""

from typing import Final

import regex

# Scripts whose letters change their shape with a joiner or non-joiner beside them: cursive ones and those of India and
# its neighbours (The Unicode Standard, 23.2 "Layout Controls").
_JOINING: Final = (
    r"\p{scx=Arabic}\p{scx=Syriac}\p{scx=Mandaic}\p{scx=Mongolian}\p{scx=Phags_Pa}\p{scx=Nko}\p{scx=Adlam}"
    r"\p{scx=Hanifi_Rohingya}\p{scx=Devanagari}\p{scx=Bengali}\p{scx=Gurmukhi}\p{scx=Gujarati}\p{scx=Oriya}"
    r"\p{scx=Tamil}\p{scx=Telugu}\p{scx=Kannada}\p{scx=Malayalam}\p{scx=Sinhala}\p{scx=Khmer}\p{scx=Myanmar}"
    r"\p{scx=Tibetan}\p{scx=Balinese}\p{scx=Javanese}"
)
# What is not seen, or turns the text around it, but is part of what is seen where it stands.
_KEPT: Final = "|".join(
    (
        # Joiners and Mongolian's vowel separator, behind a letter or mark of such a script.
        rf"(?<=[[\p{{L}}\p{{M}}]&&[{_JOINING}]])[\u200c\u200d\u180e]",
        # The joiner within an emoji (Unicode Technical Standard 51): families, professions, flags.
        r"(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})",
        # The letters behind a black flag that make it England's, Scotland's or Wales'.
        r"(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f",
        # Variants of the character before: emoji or text, Han, Mongolian.
        r"(?<=[\p{L}\p{N}\p{P}\p{S}])\p{Variation_Selector}",
    )
)
# Controls and NUL, surrogates, separators of lines; bidi, zero-width and other invisible characters, fillers; annotations.
_UNSHOWN: Final = regex.compile(
    rf"(?:{_KEPT})(*SKIP)(*FAIL)|[\p{{Cc}}\p{{Cs}}\p{{Zl}}\p{{Zp}}\p{{Default_Ignorable_Code_Point}}\ufff9-\ufffb]",
    regex.V1,
)


def visible(text: str) -> str:
    """`text` without what is not shown. Joiners stay where letters or emoji join. Applied twice it changes nothing."""
    return _UNSHOWN.sub("", text)
