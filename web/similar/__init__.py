"""Look-alikes. What other domains may use of them is exported here."""

from web.similar.look_alikes import choose_look_alikes
from web.similar.view_models import AlikeView, alike_view

__all__ = [
    "AlikeView",
    "alike_view",
    "choose_look_alikes",
]
