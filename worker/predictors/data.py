"""What was sent with a request, on its way through the store."""

from shared.errors import BadData, BlobNotFound
from shared.storage import keys as blob_keys
from worker.services import Services


def uploaded(services: Services, sha256: str) -> bytes:
    """The file that came with a request. Raises BadData when it is no longer kept."""
    try:
        return services.blobs.get(blob_keys.upload(sha256))
    except BlobNotFound as error:
        raise BadData("data", "The file is no longer kept: that is for a day. Send it again.") from error
