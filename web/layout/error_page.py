"""The page that answers an error. It asks nothing of the database: that may be what is wrong."""

from flask import g, render_template, request

from web.layout.error_view import Link, fault_view
from web.layout.frame import make_frame


def fault_page(status: int, message: str) -> str:
    """The page for an HTTP status code of 400 or more."""
    frame = make_frame(None)
    fault = fault_view(
        status,
        message,
        request.path,
        may_ask_again=request.method in {"GET", "HEAD"},
        rooms=[Link(room.name, room.href, room.icon) for room in frame.rooms],
    )
    return render_template(
        "layout/error.html", frame=frame, fault=fault, status=status, request_id=g.get("request_id")
    )
