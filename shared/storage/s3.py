"""Blobs as objects of one S3 bucket, through the minio client."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, BinaryIO, cast
from xml.etree.ElementTree import ParseError

from minio import Minio
from minio.error import MinioException, S3Error
from minio.helpers import check_bucket_name
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from shared.errors import BlobNotFound, StorageUnavailable
from shared.storage.protocol import BlobInfo, BlobStore, check_key, check_prefix, is_key
from shared.storage.s3_http import s3_http

# A photo (20 MiB at most) goes up in one request; an index snapshot in parts, one of which is in memory at a time.
_PART_BYTES = 32 << 20
_BUFFER_BYTES = 1 << 16

_MISSING = {"NoSuchKey", "NoSuchBucket"}
_BUCKET_IS_THERE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
_REFUSED = {401, 403}


class S3BlobStore(BlobStore):
    """A bucket of an S3 service; the bucket is made by the first put (or check) that misses it."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        *,
        region: str = "us-east-1",
        secure: bool = True,
        part_bytes: int = _PART_BYTES,
        # Together with one retry of a broken connection: a dead or frozen store is known within 10 s.
        connect_seconds: float = 2,
        read_seconds: float = 5,
    ) -> None:
        """endpoint: host or host:port. part_bytes: at least 5 MiB, the least that S3 takes.

        Opens no connection. Raises ValueError for an endpoint, region or bucket name that S3 does not allow.
        """
        self._client = Minio(
            endpoint,
            access_key,
            secret_key,
            # A known region saves the client a request for it.
            region=region,
            secure=secure,
            http_client=s3_http(secure=secure, connect_seconds=connect_seconds, read_seconds=read_seconds),
        )
        check_bucket_name(bucket, strict=True)
        self._bucket = bucket
        self._part_bytes = part_bytes

    def put(self, key: str, data: IO[bytes] | bytes, content_type: str) -> None:
        check_key(key)
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        start = source.tell()
        length = source.seek(0, io.SEEK_END) - start

        def upload() -> None:
            source.seek(start)
            self._client.put_object(
                self._bucket,
                key,
                cast("BinaryIO", source),
                length,
                content_type,
                part_size=self._part_bytes,
                # In order and one at a time: parts in parallel would each be in memory.
                num_parallel_uploads=1,
            )

        with _translated():
            try:
                upload()
            except S3Error as error:
                if error.code != "NoSuchBucket":
                    raise
                self._make_bucket()
                upload()

    def get(self, key: str) -> bytes:
        with self.open(key) as blob:
            return blob.read()

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        check_key(key)
        with _translated():
            response = self._client.get_object(self._bucket, key)
        try:
            with io.BufferedReader(_Body(response), _BUFFER_BYTES) as blob:
                yield blob
        finally:
            # Read to its end, the connection is back in the pool by now; else it is closed, not kept.
            response.close()
            response.release_conn()

    def stat(self, key: str) -> BlobInfo:
        check_key(key)
        with _translated():
            return _info(self._client.stat_object(self._bucket, key))

    def exists(self, key: str) -> bool:
        try:
            self.stat(key)
        except BlobNotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        check_key(key)
        with suppress(BlobNotFound), _translated():
            self._client.remove_object(self._bucket, key)

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        check_prefix(prefix)
        return self._list(prefix)

    def check(self) -> None:
        with _translated():
            if not self._client.bucket_exists(self._bucket):
                self._make_bucket()

    def _list(self, prefix: str) -> Iterator[BlobInfo]:
        with suppress(BlobNotFound), _translated():
            for found in self._client.list_objects(self._bucket, prefix, recursive=True):
                if is_key(found.object_name or ""):
                    yield _info(found)

    def _make_bucket(self) -> None:
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as error:
            # Another process was first.
            if error.code not in _BUCKET_IS_THERE:
                raise


class _Body(io.RawIOBase):
    """The body of an answer as a raw stream whose errors are ours."""

    def __init__(self, response: BaseHTTPResponse) -> None:
        super().__init__()
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        with _translated():
            data = self._response.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        with _translated():
            return self._response.read()


@contextmanager
def _translated() -> Iterator[None]:
    """Within: an error of the client, the network or the store is BlobNotFound or StorageUnavailable."""
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise BlobNotFound from error
        if error.response.status in _REFUSED:
            raise StorageUnavailable(
                f"The photo store refuses the credentials that Vitrine was given ({error.code})."
            ) from error
        raise StorageUnavailable from error
    # ParseError and ValueError: what came back is not the XML, text, number or date that S3 speaks.
    except (MinioException, HTTPError, OSError, ParseError, ValueError) as error:
        raise StorageUnavailable from error


def _info(found: Any) -> BlobInfo:
    return BlobInfo(found.object_name, found.size, found.last_modified)
