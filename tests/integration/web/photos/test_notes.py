"""What in a photo's file was passed over, told by the API and on its page."""

from shared.photo_notes import SENTENCES, PhotoNote
from tests.support.pictures import encode, flat_picture, swapped_channels_profile
from tests.support.site import Site, site

__all__ = ["site"]


def test_a_passed_over_profile_is_told(site: Site) -> None:
    photo = encode(flat_picture((9, 99, 199)), "JPEG", icc_profile=swapped_channels_profile()[:200])
    image_id = site.upload(photo).get_json()["image"]["id"]
    assert site.get(f"images/{image_id}").get_json()["notes"] == []
    site.pipeline.drain()
    message = SENTENCES[PhotoNote.DAMAGED_PROFILE]
    assert site.get(f"images/{image_id}").get_json()["notes"] == [
        {"code": "damaged_profile", "message": message}
    ]
    assert message in site.page(f"/images/{image_id}").text


def test_a_photo_that_was_read_as_its_file_says_has_no_notes(site: Site) -> None:
    image_id = site.upload(encode(flat_picture((9, 99, 199)), "JPEG")).get_json()["image"]["id"]
    site.pipeline.drain()
    assert site.get(f"images/{image_id}").get_json()["notes"] == []
