"""Lists that come in pages."""

from typing import Annotated

from shared.limits import DEFAULT_PAGE, MAX_PAGE
from web.http.cursors import MAX_CURSOR
from web.http.parameter_sets import Parameters
from web.http.parameters import Integer, Text


class PageQuery(Parameters):
    limit: Annotated[int, Integer("how many at most", 1, MAX_PAGE)] = DEFAULT_PAGE
    cursor: Annotated[str | None, Text("where the page begins: `next` of the page before", MAX_CURSOR)] = None
