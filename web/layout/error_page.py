"""The page that answers an error. It does not read the database, which may be what failed."""

from flask import g, render_template, request

from web.http.addresses import site_root
from web.layout.error_view import Link, error_view
from web.layout.frame import make_frame


def error_page(status: int, message: str) -> str:
    """The page for an HTTP status code of 400 or more."""
    frame = make_frame(None)
    view = error_view(
        status,
        message,
        # Without a query it ends with a question mark.
        site_root() + request.full_path.removesuffix("?"),
        root=site_root(),
        repeatable=request.method in {"GET", "HEAD"},
        pages=[Link(item.name, item.href, item.icon) for item in frame.navigation],
    )
    return render_template(
        "layout/error.html", frame=frame, view=view, status=status, request_id=g.get("request_id")
    )
