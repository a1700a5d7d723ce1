"""The matrix of bad requests, parameters and JSON: each gets its code, as a problem document, and changes nothing."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.hostile_files import (
    gif_of_frames,
    gif_of_sides,
    half_of,
    jpeg_of_scans,
    jpeg_of_sides,
    not_images,
    png_of_sides,
    png_with_profile_bomb,
    png_with_text_bomb,
)
from tests.support.pictures import make_jpeg
from tests.support.services import PostgresServer
from tests.support.web import Site, problem

PHOTO = make_jpeg()
BASE64 = base64.b64encode(PHOTO).decode()
MULTIPART = "multipart/form-data; boundary=B"


@pytest.fixture(scope="module")
def site(
    postgres_server: PostgresServer, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A gallery that stays empty, since nothing here is taken."""
    url = postgres_server.create_database(database_template)
    made = Site(url, tmp_path_factory.mktemp("site"))
    yield made
    made.close()
    postgres_server.drop_database(url)


@pytest.fixture(autouse=True)
def _nothing_is_taken(site: Site) -> Iterator[None]:
    yield
    assert site.count("images") == 0
    assert site.count("jobs") == 0
    assert site.pipeline.dispatcher.sent == []


def refused(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    document = problem(response)
    assert (response.status_code, document["code"]) == (status, code), response.text
    return document


def part(disposition: str, data: bytes = PHOTO) -> bytes:
    return (
        b"--B\r\nContent-Disposition: form-data; "
        + disposition.encode()
        + b"\r\nContent-Type: image/jpeg\r\n\r\n"
        + data
        + b"\r\n"
    )


FILE = part('name="file"; filename="a.jpg"')
END = b"--B--\r\n"

BODIES: dict[str, tuple[bytes, str | None, int, str]] = {
    "no file": (part('name="caption"', b"x") + END, MULTIPART, 400, "no_file"),
    "an empty file name": (part('name="file"; filename=""') + END, MULTIPART, 400, "no_file"),
    "an empty body": (b"", MULTIPART, 400, "no_file"),
    "no boundary": (FILE + END, "multipart/form-data", 400, "no_file"),
    "another boundary": (FILE + END, "multipart/form-data; boundary=C", 400, "no_file"),
    "cut off": (FILE + END[:3], MULTIPART, 400, "no_file"),
    "a line break in the file name": (
        part('name="file"; filename="a\r\nb.jpg"') + END,
        MULTIPART,
        400,
        "no_file",
    ),
    "two files": (FILE + FILE + END, MULTIPART, 400, "one_file_only"),
    "11 parts": (FILE + part('name="x"', b"x") * 10 + END, MULTIPART, 413, "too_large"),
    "a field of 70 kB": (FILE + part('name="caption"', b"x" * 70_000) + END, MULTIPART, 413, "too_large"),
    "a file over 20 MiB": (
        part('name="file"; filename="a.jpg"', bytes(20 * 1024 * 1024 + 1)) + END,
        MULTIPART,
        413,
        "too_large",
    ),
    "a body over 20 MiB": (bytes(22 * 1024 * 1024), MULTIPART, 413, "too_large"),
    "JSON over 20 MiB": (b" " * (22 * 1024 * 1024), "application/json", 413, "too_large"),
    "70 kB of urlencoded form": (
        b"file=" + b"x" * 70_000,
        "application/x-www-form-urlencoded",
        415,
        "use_multipart",
    ),
    "octets": (PHOTO, "application/octet-stream", 415, "use_multipart"),
    "a bare photo": (PHOTO, "image/jpeg", 415, "use_multipart"),
    "no type": (PHOTO, None, 415, "use_multipart"),
}


@pytest.mark.parametrize("path", ["images", "palettes"])
@pytest.mark.parametrize("case", BODIES.values(), ids=BODIES)
def test_a_body_without_one_photo_is_refused(
    site: Site, path: str, case: tuple[bytes, str | None, int, str]
) -> None:
    body, content_type, status, code = case
    headers = {} if content_type is None else {"Content-Type": content_type}
    refused(site.post(path, data=body, headers=headers), status, code)


def test_a_body_over_20_mib_without_a_length_is_refused(site: Site) -> None:
    response = site.client.post(
        "/api/v1/images",
        input_stream=io.BytesIO(FILE[:-2] + bytes(22 * 1024 * 1024)),
        headers={"Content-Type": MULTIPART, "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    refused(response, 413, "too_large")


FILES: dict[str, tuple[bytes, int, str]] = {
    "zero bytes": (b"", 400, "empty_file"),
    **{name: (data, 415, "unsupported_type") for name, data in not_images().items()},
    "12k x 12k": (png_of_sides(12_000, 12_000), 422, "too_many_pixels"),
    "30k x 30k, 1 bit": (png_of_sides(30_000, 30_000, bits=1), 422, "too_many_pixels"),
    "a GIF of 65535²": (gif_of_sides(65_535, 65_535), 422, "too_many_pixels"),
    "121 megapixels": (jpeg_of_sides(11_000, 11_000), 422, "too_many_pixels"),
    "1 x 60000": (jpeg_of_sides(1, 60_000), 422, "bad_dimensions"),
    "0 x 0": (jpeg_of_sides(0, 0), 422, "unreadable"),
    "1,000 scans": (jpeg_of_scans(1_000), 422, "too_complex"),
    "a profile that unfolds": (png_with_profile_bomb(), 422, "metadata_too_large"),
    "a comment that unfolds": (png_with_text_bomb(), 422, "metadata_too_large"),
    "5,000 frames": (gif_of_frames(5_000), 422, "too_many_frames"),
}


@pytest.mark.parametrize(("data", "status", "code"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_fair_photo_is_refused_whatever_it_is_called(
    site: Site, data: bytes, status: int, code: str
) -> None:
    refused(site.upload(data, "holiday.jpg"), status, code)
    assert list(site.pipeline.blobs.list()) == []


BAD_COLORS = [
    "abc",
    "-1",
    "",
    "1_0",
    "５",
    "1" + "0" * 20,
    "1",
    "17",
    "6.0",
    "+6",
    " 6",
    "6 ",
    "0x6",
    "٦",
    "NaN",
]


@pytest.mark.parametrize("colors", BAD_COLORS)
def test_a_number_of_colours_that_is_not_plainly_one_is_refused_in_a_form(site: Site, colors: str) -> None:
    document = refused(site.upload(PHOTO, colors=colors), 400, "bad_parameter")
    assert document["errors"][0]["field"] == "colors"


@pytest.mark.parametrize("colors", BAD_COLORS)
def test_a_number_of_colours_that_is_not_plainly_one_is_refused_in_a_query(site: Site, colors: str) -> None:
    document = refused(site.get("images/1/palette", query_string={"colors": colors}), 400, "bad_parameter")
    assert document["errors"][0]["field"] == "colors"


@pytest.mark.parametrize("colors", [5.5, "6", True, None, [6], 1, 17, 10**18])
def test_a_number_of_colours_that_is_not_plainly_one_is_refused_in_json(site: Site, colors: object) -> None:
    document = refused(site.post("images", json={"image": BASE64, "colors": colors}), 400, "bad_parameter")
    assert document["errors"][0]["field"] == "colors"


def test_colours_given_twice_are_refused(site: Site) -> None:
    refused(site.get("images/1/palette?colors=3&colors=3"), 400, "bad_parameter")
    twice = part('name="colors"', b"3") * 2
    refused(
        site.post("images", data=FILE + twice + END, headers={"Content-Type": MULTIPART}),
        400,
        "bad_parameter",
    )


QUERIES = [
    ("images?limit=-1", "limit"),
    ("images?limit=0", "limit"),
    ("images?limit=201", "limit"),
    ("images?limit=", "limit"),
    ("images?limit=2&limit=2", "limit"),
    ("images?color=red", "color"),
    ("images?color=%2312345", "color"),
    ("images?tag=%00", "tag"),
    ("images?q=" + "x" * 201, "q"),
    ("jobs?status=done", "status"),
    ("jobs?kind=nothing", "kind"),
    ("jobs?limit=abc", "limit"),
    ("jobs/01900000-0000-7000-8000-000000000001?wait=31", "wait"),
    ("jobs/01900000-0000-7000-8000-000000000001?wait=1.5", "wait"),
    ("images/1/palette?format=pdf", "format"),
    ("images/1/palette?format=json&format=css", "format"),
    ("images/1/thumbnail?size=0256", "size"),
    ("images/1/similar?k=0", "k"),
    ("images/1/similar?k=51", "k"),
    ("images/1/similar?diversity=1.01", "diversity"),
    ("images/1/similar?diversity=nan", "diversity"),
    ("images/1/similar?diversity=1e-1", "diversity"),
]


@pytest.mark.parametrize(("path", "field"), QUERIES)
def test_a_parameter_out_of_its_bounds_is_refused_by_name(site: Site, path: str, field: str) -> None:
    document = refused(site.get(path), 400, "bad_parameter")
    assert [error["field"] for error in document["errors"]] == [field]
    assert field in document["errors"][0]["message"]


UNKNOWN = [
    ("GET", "images?labels=cat", "labels"),
    ("GET", "images?page=2", "page"),
    ("GET", "images/1?fields=id", "fields"),
    ("GET", "images/1/file?size=256", "size"),
    ("GET", "images/1/thumbnail?width=256", "width"),
    ("GET", "images/1/palette?k=5", "k"),
    ("GET", "images/1/similar?limit=5", "limit"),
    ("GET", "jobs?state=failed", "state"),
    ("GET", "jobs/01900000-0000-7000-8000-000000000001/events?wait=5", "wait"),
    ("GET", "index?x=1", "x"),
    ("GET", "openapi.json?x=", "x"),
    ("GET", "predictors/models?task=regression", "task"),
    ("POST", "images?colors=3", "colors"),
    ("POST", "images/1/restore?force=true", "force"),
    ("POST", "index/runs?mode=full", "mode"),
    ("POST", "predictors/a/predict?versoin=1", "versoin"),
    ("PATCH", "images/1?caption=new", "caption"),
    ("DELETE", "predictors/a?all=true", "all"),
]


@pytest.mark.parametrize(("method", "path", "field"), UNKNOWN)
def test_a_parameter_that_means_nothing_is_refused_by_name(
    site: Site, method: str, path: str, field: str
) -> None:
    response = site.client.open(f"/api/v1/{path}", method=method, json={} if method != "GET" else None)
    document = refused(response, 400, "bad_parameter")
    assert [error["field"] for error in document["errors"]] == [field]
    assert document["errors"][0]["message"].startswith(f"{field} is not a parameter of this request.")


def test_whoever_looks_after_the_process_and_links_to_pages_may_say_more(site: Site) -> None:
    assert site.client.get("/livez?verbose").status_code == 200
    assert site.client.get("/?utm_source=newsletter").status_code == 200


@pytest.mark.parametrize(
    ("path", "field", "value", "message"),
    [
        ("images", "tag", b"red", "tag is not a parameter of this request"),
        ("images", "tags[]", b"red", "tags[] is not a parameter of this request"),
        ("images", "tags", b'["a"]', "separate the tags by commas"),
        ("palettes", "colours", b"3", "colours is not a parameter of this request"),
    ],
)
def test_a_field_of_a_form_that_means_nothing_is_refused_by_name(
    site: Site, path: str, field: str, value: bytes, message: str
) -> None:
    body = FILE + part(f'name="{field}"', value) + END
    document = refused(site.post(path, data=body, headers={"Content-Type": MULTIPART}), 400, "bad_parameter")
    assert [error["field"] for error in document["errors"]] == [field]
    assert message in document["detail"]


def test_every_bad_parameter_of_a_request_is_named(site: Site) -> None:
    document = refused(site.get("images?limit=abc&color=red"), 400, "bad_parameter")
    assert {error["field"] for error in document["errors"]} == {"limit", "color"}


@pytest.mark.parametrize("path", ["images", "images?color=%23102030", "jobs"])
@pytest.mark.parametrize("cursor", ["x", "!!!", "aTA", "A" * 90, "%00"])
def test_a_cursor_that_was_never_given_out_is_refused(site: Site, path: str, cursor: str) -> None:
    joint = "&" if "?" in path else "?"
    document = problem(site.get(f"{path}{joint}cursor={cursor}"))
    assert document["status"] == 400
    assert document["code"] in {"bad_cursor", "bad_parameter"}


@pytest.mark.parametrize(
    "bad", ["nope", "1", "01900000-0000-7000-8000-00000000000", "01900000-0000-7000-8000-00000000000G"]
)
@pytest.mark.parametrize("path", ["", "/events"])
def test_a_job_id_that_names_nothing_is_not_found(site: Site, bad: str, path: str) -> None:
    refused(site.get(f"jobs/{bad}{path}"), 404, "job_not_found")


def test_a_job_that_never_was_is_not_found(site: Site) -> None:
    for path in ("", "/events", "?wait=0"):
        refused(site.get(f"jobs/01900000-0000-7000-8000-000000000001{path}"), 404, "job_not_found")
    for path in ("cancel", "retry"):
        refused(site.post(f"jobs/01900000-0000-7000-8000-000000000001/{path}"), 404, "job_not_found")


JSON = {
    "nothing": b"",
    "an open brace": b"{",
    "a trailing comma": b'{"image": "x",}',
    "invalid UTF-8": b'{"image": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"image": "x"}',
    "an integer of 5,000 digits": b'{"colors": ' + b"9" * 5_000 + b"}",
    "NaN": b'{"colors": NaN}',
    "Infinity": b'{"colors": -Infinity}',
    "NUL": b'{"image": "a\\u0000b"}',
    "half a character": b'{"image": "\\ud800"}',
    "a key twice": b'{"image": "x", "image": "y"}',
    "an array": b"[]",
    "null": b"null",
    "a string": b'"x"',
    "100,000 levels": b'{"image": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an unknown field": b'{"image": "x", "url": "http://example.org/a.jpg"}',
}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "images"), ("POST", "index/runs"), ("PATCH", "images/1")]
)
@pytest.mark.parametrize("body", JSON.values(), ids=JSON)
def test_json_that_is_not_plainly_an_object_is_refused(
    site: Site, method: str, path: str, body: bytes
) -> None:
    response = site.client.open(
        f"/api/v1/{path}", method=method, data=body, headers={"Content-Type": "application/json"}
    )
    refused(response, 400, "bad_json")


def test_json_beside_a_photo_is_at_most_a_mebibyte(site: Site) -> None:
    body = b'{"caption": "' + b"x" * 1024 * 1024 + b'"}'
    response = site.client.patch("/api/v1/images/1", data=body, headers={"Content-Type": "application/json"})
    refused(response, 413, "too_large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=B"])
def test_json_under_another_type_is_refused(site: Site, content_type: str) -> None:
    response = site.post("index/runs", data=b'{"mode": "full"}', headers={"Content-Type": content_type})
    refused(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "image", ["%%%", "QUJ", "data:image/jpeg,abc", "data:image/jpeg;base64,%%", 5, None, ["QUJD"]]
)
def test_json_whose_image_is_not_base64_is_refused(site: Site, image: object) -> None:
    document = refused(site.post("images", json={"image": image}), 400, "bad_parameter")
    assert document["errors"][0]["field"] == "image"


def test_json_without_an_image_is_refused(site: Site) -> None:
    document = refused(site.post("images", json={"name": "a.jpg"}), 400, "bad_parameter")
    assert document["errors"][0]["field"] == "image"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "image is missing."),
        ({"image": None}, "image must not be null."),
        ({"image": 5}, "image must be text."),
        ({"image": BASE64, "colors": True}, "colors must be a whole number from 2 to 16."),
        ({"image": BASE64, "tags": "sea"}, "tags must be a list."),
        ({"image": BASE64, "tags": ["sea", ["sky"]]}, "item 2 of tags must be text."),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_in_a_plain_sentence(
    site: Site, body: dict[str, object], sentence: str
) -> None:
    document = refused(site.post("images", json=body), 400, "bad_parameter")
    assert [each["message"] for each in document["errors"]] == [sentence]


def test_an_empty_image_in_json_is_an_empty_file(site: Site) -> None:
    refused(site.post("images", json={"image": ""}), 400, "empty_file")


@pytest.mark.parametrize("mode", ["both", "", 5, None])
def test_an_index_run_of_no_known_mode_is_refused(site: Site, mode: object) -> None:
    refused(site.post("index/runs", json={"mode": mode}), 400, "bad_parameter")


@pytest.mark.parametrize(
    "path", ["nowhere", "images/1/nowhere", "images/", "/api", "/api/v2/images", "/api/nowhere"]
)
def test_an_unknown_path_is_not_found(site: Site, path: str) -> None:
    refused(site.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "images"), ("PUT", "images/1"), ("POST", "index"), ("GET", "jobs/1/cancel")],
)
def test_a_wrong_method_is_refused_with_those_that_are_allowed(site: Site, method: str, path: str) -> None:
    response = site.client.open(f"/api/v1/{path}", method=method)
    refused(response, 405, "method_not_allowed")
    assert method not in response.headers["Allow"]


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 201])
def test_an_idempotency_key_that_is_not_one_word_is_refused(site: Site, key: str) -> None:
    document = refused(site.upload(PHOTO, headers={"Idempotency-Key": key}), 400, "bad_parameter")
    assert document["errors"][0]["field"] == "Idempotency-Key"


def test_half_a_photo_in_base64_is_still_looked_at(site: Site) -> None:
    text = base64.b64encode(half_of(b"no photo at all" * 100)).decode()
    refused(site.post("images", json={"image": text}), 415, "unsupported_type")


def test_problems_outside_the_api_are_pages(site: Site) -> None:
    response = site.get("/nowhere")
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert response.headers["X-Request-ID"] in response.text
