"""Zip files as people send them, and as attackers do."""

import io
import stat
import struct
import zipfile
from collections.abc import Mapping


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A plain zip with these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def zip_with_twins() -> bytes:
    """Two files of one name."""
    once = zip_of({"a/1.jpg": b"1", "a/2.jpg": b"2", "b/1.jpg": b"3"})
    return once.replace(b"a/2.jpg", b"a/1.jpg")


def zip_with_link() -> bytes:
    """A symbolic link beside photos."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/1.jpg", b"1")
        archive.writestr("b/1.jpg", b"2")
        link = zipfile.ZipInfo("b/2.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def zip_with_flag(bit: int) -> bytes:
    """A general purpose bit set on every file: 0x1 says that it is encrypted."""
    data = bytearray(zip_of({"a/1.jpg": b"1", "b/1.jpg": b"2"}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= bit
            at = data.find(signature, at + 4)
    return bytes(data)


def zip_with_wrong_size(name: str, says: int) -> bytes:
    """A deflated file of zeros whose directory states a size that is not its own."""
    data = bytearray(zip_of({name: bytes(5_000), "b/1.jpg": b"2"}, zipfile.ZIP_DEFLATED))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.find(signature) + offset, says)
    return bytes(data)


def zip_that_says(entries: int, directory_bytes: int) -> bytes:
    """A zip whose last record states these numbers."""
    data = bytearray(zip_of({"a/1.jpg": b"1", "b/1.jpg": b"2"}))
    struct.pack_into("<HHI", data, len(data) - 14, entries, entries, directory_bytes)
    return bytes(data)
