"""The services that the contract suites run against."""

from tests.support.s3 import ministack, rclone_s3

__all__ = ["ministack", "rclone_s3"]
