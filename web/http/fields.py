"""Marshmallow fields that read strictly (web/http/parameters.py) and describe themselves to the OpenAPI document.

Query and form fields take all values that came under their name, as a list; body fields take a value of a JSON body.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar

from marshmallow import ValidationError, fields, validate

from shared.errors import BadParameter
from web.http import parameters
from web.http.ids import image_id

T = TypeVar("T")


def _read(parse: Callable[[], T]) -> T:
    """What a function of web/http/parameters.py returns; its refusal in marshmallow's words."""
    try:
        return parse()
    except BadParameter as error:
        raise ValidationError(error.message) from error


def _nothing() -> None:
    """The default of what may be left out. A plain None would have the document say that null may be sent."""


def _about(description: str) -> dict[str, Any]:
    return {"metadata": {"description": description}}


# --- query and form ---------------------------------------------------------------------------------------------


class _Values:
    """A field that reads all values that came under its name."""

    def parse(self, name: str, values: list[str]) -> Any:
        raise NotImplementedError

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return _read(lambda: self.parse(str(attr), value))


class QueryInteger(_Values, fields.Integer):
    """A whole number within bounds, both included."""

    def __init__(self, description: str, *, minimum: int, maximum: int, default: int | None) -> None:
        self._minimum, self._maximum = minimum, maximum
        bounds = validate.Range(minimum, maximum)
        super().__init__(
            load_default=_nothing if default is None else default, validate=bounds, **_about(description)
        )

    def parse(self, name: str, values: list[str]) -> int | None:
        return parameters.integer(name, values, default=None, minimum=self._minimum, maximum=self._maximum)


class QueryNumber(_Values, fields.Float):
    """A number from 0 to 1."""

    def __init__(self, description: str, *, default: float) -> None:
        super().__init__(load_default=default, validate=validate.Range(0, 1), **_about(description))

    def parse(self, name: str, values: list[str]) -> float | None:
        return parameters.number(name, values, default=None)


class QueryChoice(_Values, fields.String):
    """One of some words."""

    def __init__(self, description: str, *, choices: Collection[str], default: str | None) -> None:
        self._choices = choices
        super().__init__(
            load_default=_nothing if default is None else default,
            validate=validate.OneOf(tuple(choices)),
            **_about(description),
        )

    def parse(self, name: str, values: list[str]) -> str | None:
        return parameters.choice(name, values, choices=self._choices, default=None)


class QueryText(_Values, fields.String):
    """A line of text; an empty one counts as none."""

    def __init__(self, description: str, *, most: int) -> None:
        self._most = most
        super().__init__(load_default=_nothing, metadata={"description": description, "maxLength": most})

    def parse(self, name: str, values: list[str]) -> str | None:
        return parameters.text(name, values, default=None, max_characters=self._most) or None


class QueryColor(_Values, fields.String):
    """A colour as #rrggbb."""

    def __init__(self, description: str) -> None:
        pattern = {"description": description, "pattern": "^#[0-9a-fA-F]{6}$"}
        super().__init__(load_default=_nothing, metadata=pattern)

    def parse(self, name: str, values: list[str]) -> str | None:
        return parameters.hex_color(name, values, default=None)


class QueryIds(_Values, fields.String):
    """Ids of images, separated by commas. One that could not have been given out names none."""

    def __init__(self, description: str, *, most: int) -> None:
        self._most = most
        super().__init__(load_default=_nothing, **_about(description))

    def parse(self, name: str, values: list[str]) -> Any:
        return parameters.id_list(name, values, most=self._most)


class FormTags(_Values, fields.String):
    """Tags, separated by commas."""

    def __init__(self, description: str) -> None:
        super().__init__(load_default=list, **_about(description))

    def parse(self, name: str, values: list[str]) -> list[str]:
        return parameters.tag_list(name, values)


# --- JSON bodies ------------------------------------------------------------------------------------------------


class BodyText(fields.String):
    """A line of text or null; an empty one counts as null."""

    def __init__(self, description: str, *, most: int, **options: Any) -> None:
        self._most = most
        super().__init__(allow_none=True, metadata={"description": description, "maxLength": most}, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return _read(lambda: parameters.clean_text(str(attr), text, max_characters=self._most)) or None


class BodyTags(fields.List[str]):
    """A list of tags."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(fields.String(), **_about(description), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        tags = super()._deserialize(value, attr, data, **kwargs)
        return _read(lambda: parameters.clean_tags(str(attr), map(str, tags)))


class BodyIds(fields.List[str]):
    """A list of ids of images, as numbers within. One that could not have been given out is refused as not found."""

    def __init__(self, description: str, *, most: int, **options: Any) -> None:
        super().__init__(fields.String(), validate=validate.Length(1, most), **_about(description), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        return [image_id(str(each)) for each in super()._deserialize(value, attr, data, **kwargs)]


class BodyInteger(fields.Integer):
    """A whole number within bounds: neither text nor a fraction."""

    def __init__(self, description: str, *, minimum: int, maximum: int, default: int) -> None:
        bounds = validate.Range(minimum, maximum)
        super().__init__(strict=True, load_default=default, validate=bounds, **_about(description))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, int):
            raise ValidationError(f"{attr} must be a whole number.")
        return super()._deserialize(value, attr, data, **kwargs)


def messages_by_field(error: ValidationError) -> Mapping[str, str]:
    """A sentence for each field that marshmallow refused."""
    messages: Any = error.messages
    return {str(name): _sentence(str(name), said) for name, said in messages.items()}


# What marshmallow says by itself, as a sentence about a field.
_PLAIN: Final[Mapping[str, str]] = {
    "Missing data for required field.": "is missing.",
    "Field may not be null.": "must not be null.",
    "Not a valid string.": "must be text.",
    "Not a valid integer.": "must be a whole number.",
    "Not a valid list.": "must be a list.",
}


def _sentence(name: str, said: Any) -> str:
    """The first message, which marshmallow nests for lists and objects."""
    subject = name
    while isinstance(said, dict):
        key, said = next(iter(said.items()))
        subject = f"item {key + 1} of {name}" if isinstance(key, int) else name
    sentence = str(said[0] if isinstance(said, list) else said)
    if sentence in _PLAIN:
        return f"{subject} {_PLAIN[sentence]}"
    return sentence if name in sentence else f"{name}: {sentence}"
