"""Settings are read once, frozen, and refused early."""

import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from shared.errors import BadSetting
from shared.settings import Settings, load_settings, variable

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


def test_without_variables_the_defaults_hold() -> None:
    assert load_settings({}) == Settings()


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings({"VITRINE_LEASE_SECONDS": ""}).lease_seconds == Settings().lease_seconds


def test_values_are_parsed_into_their_types() -> None:
    settings = load_settings(
        {
            "VITRINE_EMBED_BATCH": "8",
            "VITRINE_WEIGHTS": "a/b.pth",
            "VITRINE_API_KEYS": "one, two,",
            "HOME": "/",
        }
    )
    assert settings.embed_batch == 8
    assert settings.weights == Path("a/b.pth")
    assert settings.api_keys == ("one", "two")


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().lease_seconds = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VITRINE_EMBED_BATCH", "0"),
        ("VITRINE_EMBED_BATCH", "1_0"),
        ("VITRINE_EMBED_BATCH", "٣"),
        ("VITRINE_EMBED_BATCH", "-1"),
        ("VITRINE_STORAGE", "ftp"),
        ("VITRINE_S3_SECURE", "perhaps"),
        ("VITRINE_FULL_RUN_HOUR", "24"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        load_settings({name: value})


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(BadSetting, match="VITRINE_WEIGTHS"):
        load_settings({"VITRINE_WEIGTHS": "x"})


def test_s3_needs_its_endpoint_and_keys() -> None:
    with pytest.raises(BadSetting, match="VITRINE_S3_ENDPOINT"):
        load_settings({"VITRINE_STORAGE": "s3"})


def test_the_table_in_the_docs_names_every_setting_with_its_default_and_meaning() -> None:
    rows = dict(re.findall(r"^\| `(VITRINE_\w+)` \| (.*) \|$", OPERATIONS.read_text(), re.MULTILINE))
    assert rows == {
        variable(each.name): f"`{shown(each.default)}` | {each.metadata['meaning']}"
        for each in fields(Settings)
    }


def shown(default: object) -> str:
    """A default as the table writes it."""
    if isinstance(default, bool):
        return str(default).lower()
    if default is None:
        return "none"
    return "(empty)" if default in {"", ()} else str(default)
