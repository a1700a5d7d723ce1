"""File names from the request to the name under which the picture is saved again."""

from urllib.parse import unquote

import pytest
from werkzeug.http import parse_options_header

from tests.support.pipeline import picture
from tests.support.web import Site, site

__all__ = ["site"]

# As the part of the form has it, as the gallery has it, and as clients save the original that know `filename` alone.
NAMES = [
    (b'filename="C:\\Users\\me\\Sea side.jpg"', "Sea side.jpg", "Sea side.jpg"),
    (b'filename="/home/me/Sea side.jpg"', "Sea side.jpg", "Sea side.jpg"),
    (b'filename="caf\xe9.jpg"', "café.jpg", "cafe.jpg"),
    (b"filename=\"cafe.jpg\"; filename*=UTF-8''caf%C3%A9.jpg", "café.jpg", "cafe.jpg"),
    ('filename="👩\u200d👧 beach.jpg"'.encode(), "👩\u200d👧 beach.jpg", "___ beach.jpg"),
    ('filename="می\u200cخواهم.jpg"'.encode(), "می\u200cخواهم.jpg", "________.jpg"),
    ('filename="gpj.\u202etac.jpg"'.encode(), "gpj.tac.jpg", "gpj.tac.jpg"),
    (b'filename="a\\"b\\\\c%; d.jpg"', "c%; d.jpg", "c__ d.jpg"),
    (b'filename="v1.2 final"', "v1.2 final", "v1.2 final.jpg"),
]


@pytest.mark.parametrize(("parameters", "name", "plain"), NAMES)
def test_a_name_is_kept_and_given_back(site: Site, parameters: bytes, name: str, plain: str) -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="file"; ' + parameters
    body = head + b"\r\nContent-Type: image/jpeg\r\n\r\n" + picture(1) + b"\r\n--B--\r\n"
    added = site.post("images", data=body, content_type="multipart/form-data; boundary=B").get_json()["image"]
    assert added["name"] == name
    disposition = site.get(f"images/{added['id']}/original").headers["Content-Disposition"]
    before, _, extended = disposition.partition("; filename*=UTF-8''")
    assert unquote(extended) == (name if name.endswith(".jpg") else f"{name}.jpg")
    assert parse_options_header(before) == ("inline", {"filename": plain})
