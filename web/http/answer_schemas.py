"""What the schemas of answers have in common."""

from typing import Any

from marshmallow import INCLUDE, Schema, fields


class AnswerSchema(Schema):
    class Meta:
        # A client must bear fields that it does not know: an answer may come to say more.
        unknown = INCLUDE


def always(field: type[fields.Field[Any]], description: str, **options: Any) -> Any:
    """A field that every answer has."""
    return field(required=True, metadata={"description": description}, **options)
