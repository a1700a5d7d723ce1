"""Upload: `/upload`. With JavaScript the page sends photos to the API itself; without, its form comes here."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shared.db.queries.index.state import index_state
from shared.errors import BadInput
from web.http.errors import STATUS
from web.layout.frame import make_frame
from web.photos.upload_requests import received_upload
from web.photos.uploads import add_image
from web.photos.view_models.upload import upload_view
from web.services import current_services

blueprint = Blueprint("upload", __name__)


@blueprint.get("/upload")
def show() -> str:
    """The form, and the place to drop photos."""
    return _page()


@blueprint.post("/upload")
def send() -> Response | tuple[str, int]:
    """Takes one photo and goes to its page, whether it is new or known; or says what to change."""
    services = current_services()
    try:
        with received_upload(request) as upload:
            added = add_image(services, upload, request_id=g.request_id)
    except BadInput as error:
        return _page(error.message), STATUS[error.code]
    return redirect(url_for("photo.show", id=added.image.id), code=303)


def _page(error: str | None = None) -> str:
    with current_services().unit_of_work.read() as connection:
        frame = make_frame(index_state(connection), here="upload.show")
    return render_template("photos/upload.html", frame=frame, view=upload_view(error))
