"""Look-alikes. What other domains may use of them is exported here."""

from web.similar.look_alikes import choose_look_alikes
from web.similar.view_models import LookAlikesView, look_alikes_view

__all__ = [
    "LookAlikesView",
    "choose_look_alikes",
    "look_alikes_view",
]
