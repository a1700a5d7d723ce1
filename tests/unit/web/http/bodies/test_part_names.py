"""File names of forms, in each way that clients write them."""

import io

import pytest

from shared.errors import NoFile
from web.http.bodies.multipart import read_form
from web.http.bodies.spool import Spool


def read_name(parameters: bytes) -> str:
    head = b'--B\r\nContent-Disposition: form-data; name="file"; ' + parameters
    body = head + b"\r\nContent-Type: image/jpeg\r\n\r\ndata\r\n--B--\r\n"
    with Spool() as spool:
        return read_form(io.BytesIO(body), "multipart/form-data; boundary=B", spool).filename


NAMES = {
    'filename="café.jpg"'.encode(): "café.jpg",
    b'filename="caf\xe9.jpg"': "café.jpg",
    b"filename=caf\xe9.jpg": "café.jpg",
    b'filename="caf%C3%A9%20noir.jpg"': "café noir.jpg",
    b'filename="caf%E9.jpg"': "caf%E9.jpg",
    b'filename="100 %.jpg"': "100 %.jpg",
    b'filename="100 % %22pure%22.jpg"': '100 % "pure".jpg',
    b'filename="a\\"b.jpg"': 'a"b.jpg',
    b"filename*=UTF-8''caf%C3%A9.jpg": "café.jpg",
    b"filename*=iso-8859-1'fr'caf%E9.jpg": "café.jpg",
    b"filename*=UTF-8''caf%E9.jpg": "café.jpg",
    b"filename*=UTF-8''caf%C3%A9.jpg; filename=\"cafe.jpg\"": "café.jpg",
    b"filename=\"cafe.jpg\"; filename*=utf-8''caf%C3%A9.jpg": "café.jpg",
    b'filename="cafe.jpg"; filename*="utf-8\'\'caf%C3%A9.jpg"': "café.jpg",
    b"filename*0*=UTF-8''caf; filename*1*=%C3%A9.jpg": "café.jpg",
    b"filename=\"a; filename*=UTF-8''b.jpg\"": "a; filename*=UTF-8''b.jpg",
    b'filename="=?utf-8?B?Y2Fmw6kuanBn?="': "café.jpg",
    b'filename="=?iso-8859-1?Q?caf=E9.jpg?="': "café.jpg",
    b'filename="=?no-such-charset?Q?caf=E9.jpg?="': "=?no-such-charset?Q?caf=E9.jpg?=",
    b'filename="C:\\Users\\me\\x.jpg"': "C:\\Users\\me\\x.jpg",
    b'filename="C:\\\\Users\\\\me\\\\x.jpg"': "C:\\Users\\me\\x.jpg",
    b"filename=my photo.jpg": "my photo.jpg",
}


@pytest.mark.parametrize("parameters", NAMES)
def test_a_name_is_read_however_it_is_written(parameters: bytes) -> None:
    assert read_name(parameters) == NAMES[parameters]


@pytest.mark.parametrize("parameters", [b'filename="a\r\nX: y.jpg"', b'filename="a.jpg', b"filename"])
def test_what_is_no_name_is_refused(parameters: bytes) -> None:
    with pytest.raises(NoFile):
        read_name(parameters)
