"""Numbers that several rooms need, each with the reason why it is that number. Constants only.

A limit that one module alone knows stands in that module.
"""

from typing import Final

MEBIBYTE: Final = 1024 * 1024

# --- photos ---------------------------------------------------------------------------------------------------------

# Photos of 20 MP as cameras store them have 5 to 15 MiB.
MAX_FILE_MEBIBYTES: Final = 20
MAX_FILE_BYTES: Final = MAX_FILE_MEBIBYTES * MEBIBYTE
# What may lie in memory at once: fifty megapixels, as phones' 48, are 200 MB as Pillow keeps them, and a worker's memory
# limit has room for the copies, too.
MAX_PIXELS: Final = 50_000_000
# Of a JPEG, which is shrunk while it is decoded, so that it may be larger: what is taken if nothing is set, and the most
# that can be set. A progressive one keeps two bytes of each value in memory until its last pass.
DEFAULT_MEGAPIXELS: Final = 108
MOST_MEGAPIXELS: Final = 200
# Most colour profiles for print have about 0.7 MB, the largest in use 3 MB.
MAX_ICC_BYTES: Final = 4 * MEBIBYTE
# What the formats can state, and the side beyond which a picture must be no thinner than a panorama is.
MAX_SIDE: Final = 65_535
LONG_SIDE: Final = 16_384
LEAST_SIDE_OF_LONG: Final = 64
# The long side, in pixels, of what is shown of a photo, and of its thumbnails. 384 is what a tile of the gallery takes on
# a desktop: two thirds of the bytes of 512, of which a page sends dozens.
DISPLAY_SIDE: Final = 2048
THUMBNAIL_SIDES: Final = (256, 384, 512, 1024)

MAX_CAPTION: Final = 1000
MAX_LABEL: Final = 100
# Of a search in captions.
MAX_WORDS: Final = 200
MAX_TAGS: Final = 32
MAX_TAG_CHARACTERS: Final = 64

# --- palettes -------------------------------------------------------------------------------------------------------

# One colour is no palette, and more than 16 are more than an eye takes in at once.
MIN_COLORS: Final = 2
MAX_COLORS: Final = 16
DEFAULT_COLORS: Final = 6

# --- embeddings and look-alikes -------------------------------------------------------------------------------------

# What a ResNet18 reads, and what it answers with.
VIEW_SIDE: Final = 224
DIMENSIONS: Final = 512
# Every list keeps this many: the most that the API returns.
MAX_SIMILAR: Final = 50

# --- predictors -----------------------------------------------------------------------------------------------------

MAX_COLUMN_NAME: Final = 100

# --- lists ----------------------------------------------------------------------------------------------------------

# Of a page: what a client takes in at once, and a database finds at once.
MAX_PAGE: Final = 200
DEFAULT_PAGE: Final = 24
