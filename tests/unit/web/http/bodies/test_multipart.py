"""Forms with one photo: what is read, and what is refused."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadParameter, NoFile, OneFileOnly, TooLarge, VitrineError
from shared.limits import MAX_FILE_BYTES
from web.http.bodies.multipart import MAX_FIELD_BYTES, MAX_PARTS, Form, read_form
from web.http.bodies.spool import Spool

TYPE = "multipart/form-data; boundary=B"


def field(name: str, value: bytes) -> bytes:
    return b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)


def file(filename: bytes = b"a.jpg", data: bytes = b"data", name: bytes = b"file") -> bytes:
    disposition = b'form-data; name="%s"; filename="%s"' % (name, filename)
    return b"--B\r\nContent-Disposition: %s\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n" % (disposition, data)


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--B--\r\n"


def read(data: bytes, content_type: str = TYPE) -> tuple[Form, bytes]:
    with Spool() as spool:
        form = read_form(io.BytesIO(data), content_type, spool)
        spool.file.seek(0)
        return form, spool.file.read()


def test_a_file_and_fields_are_read_in_any_order() -> None:
    form, data = read(
        body(field("caption", "Käse".encode()), file(data=b"\r\n--Bx\r\n"), field("tags", b"a,b"))
    )
    assert form.fields == {"caption": ["Käse"], "tags": ["a,b"]}
    assert form.filename == "a.jpg"
    assert data == b"\r\n--Bx\r\n"


def test_a_field_given_twice_keeps_both_values() -> None:
    form, _ = read(body(field("colors", b"3"), field("colors", b"4"), file()))
    assert form.fields == {"colors": ["3", "4"]}


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000])
def test_a_file_of_any_size_comes_through_whole(size: int) -> None:
    data = bytes(n % 251 for n in range(size))
    assert read(body(file(data=data)))[1] == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"--B--\r\n", id="no parts"),
        pytest.param(body(field("caption", b"x")), id="no file"),
        pytest.param(body(file(b"")), id="an empty file name"),
        pytest.param(body(file(name=b"photo")), id="a file under another name"),
        pytest.param(body(field("file", b"x")), id="a field in place of a file"),
        pytest.param(body(file())[:-8], id="cut off after the file"),
        pytest.param(body(file())[:40], id="cut off in a header"),
        pytest.param(body(file(b"a\r\nb.jpg")), id="a line break in the file name"),
        pytest.param(body(file(b"a\r\nX-Header: b.jpg")), id="a header in the file name"),
        pytest.param(body(file(b"a\nb.jpg")), id="a line feed in the file name"),
        pytest.param(b"x" * 1_000_000, id="no multipart at all"),
        pytest.param(b"--B\r\nX: " + b"x" * 1_000_000, id="a header without an end"),
        pytest.param(b"--B\r\n\r\nx\r\n--B--\r\n", id="a part without a disposition"),
    ],
)
def test_a_body_without_a_whole_photo_is_refused(data: bytes) -> None:
    with pytest.raises(NoFile):
        read(data)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=C",
        f"{TYPE}{'B' * 200}",
    ],
)
def test_a_missing_or_wrong_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(NoFile):
        read(body(file()), content_type)


@pytest.mark.parametrize("second", [b"file", b"other"])
def test_two_files_are_refused_whatever_they_are_called(second: bytes) -> None:
    with pytest.raises(OneFileOnly):
        read(body(file(), file(name=second)))


def test_an_empty_file_input_beside_the_photo_is_passed_over() -> None:
    assert read(body(file(b"", b""), file(data=b"photo")))[1] == b"photo"


def test_too_many_parts_are_refused() -> None:
    fields = [field(f"f{n}", b"x") for n in range(MAX_PARTS)]
    read(body(file(), *fields[1:]))
    with pytest.raises(TooLarge):
        read(body(file(), *fields))


def test_fields_that_are_too_large_together_are_refused() -> None:
    half = b"x" * (MAX_FIELD_BYTES // 2)
    read(body(file(), field("a", half), field("b", half)))
    with pytest.raises(TooLarge):
        read(body(file(), field("a", half), field("b", half), field("c", b"x")))


def test_a_file_may_be_20_mib_and_not_a_byte_more() -> None:
    assert len(read(body(file(data=bytes(MAX_FILE_BYTES))))[1]) == MAX_FILE_BYTES
    with pytest.raises(TooLarge):
        read(body(file(data=bytes(MAX_FILE_BYTES + 1))))


def test_a_field_that_is_not_utf8_is_refused_by_name() -> None:
    with pytest.raises(BadParameter) as refused:
        read(body(field("caption", b"\xff"), file()))
    assert refused.value.field == "caption"


def mangled(change: Callable[[bytearray], None]) -> bytes:
    data = bytearray(body(field("caption", b"x"), file()))
    change(data)
    return bytes(data)


@given(st.integers(0, 170), st.binary(max_size=8))
def test_no_damage_to_a_body_breaks_the_reader(at: int, garbage: bytes) -> None:
    def damage(data: bytearray) -> None:
        data[at : at + len(garbage)] = garbage

    try:
        read(mangled(damage))
    except VitrineError:
        return
