"""Blob storage: one protocol, a store in a folder and a store in S3."""

from shared.errors import BadSetting
from shared.settings import Settings, variable
from shared.storage.directory import DirectoryBlobStore
from shared.storage.protocol import Blob, BlobInfo, BlobStore
from shared.storage.s3 import S3BlobStore

__all__ = ["Blob", "BlobInfo", "BlobStore", "DirectoryBlobStore", "S3BlobStore", "make_blob_store"]


def make_blob_store(settings: Settings) -> BlobStore:
    """The store that the settings name. Touches neither disk nor network, so it works while the store is down.

    Make one in each process, after any fork: processes must not share connections. Raises BadSetting.
    """
    if settings.storage == "directory":
        return DirectoryBlobStore(settings.storage_dir)
    try:
        return S3BlobStore(
            settings.s3_endpoint,
            settings.s3_access_key,
            settings.s3_secret_key,
            settings.s3_bucket,
            region=settings.s3_region,
            secure=settings.s3_secure,
        )
    except ValueError as error:
        names = ", ".join(variable(name) for name in ("s3_endpoint", "s3_region", "s3_bucket"))
        raise BadSetting(f"One of {names} cannot be used: {error}.") from error
