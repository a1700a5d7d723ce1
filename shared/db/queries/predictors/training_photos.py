"""The gallery's photos as something to learn labels from, and to ask for labels of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from shared.db.models import Embedding, Image, Predictor, PredictorVersion
from shared.predictors.documents import PredictorKind


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    id: int
    sha256: str
    name: str
    label: str


def labelled_photos(connection: Connection, a_label: int, at_most: int) -> list[LabelledPhoto]:
    """Photos that have been analysed and have a label: the newest `a_label` of each, the newest `at_most` in all."""
    place = func.row_number().over(partition_by=Image.label, order_by=Image.id.desc()).label("place")
    ranked = (
        select(Image.id, Image.sha256, Image.name, Image.label, place)
        .where(Image.deleted_at.is_(None), Image.label.is_not(None), Image.analysed_at.is_not(None))
        .subquery()
    )
    rows = connection.execute(
        select(ranked.c.id, ranked.c.sha256, ranked.c.name, ranked.c.label)
        .where(ranked.c.place <= a_label)
        .order_by(ranked.c.place, ranked.c.id.desc())
        .limit(at_most)
    )
    return [LabelledPhoto(*row) for row in rows]


def embeddings_of(
    connection: Connection, model: str, image_ids: Collection[int]
) -> dict[int, Sequence[float]]:
    """The embeddings under a model, of those of the images that have one."""
    rows = connection.execute(
        select(Embedding.image_id, Embedding.embedding).where(
            Embedding.model == model, Embedding.image_id.in_(image_ids)
        )
    )
    return {row.image_id: row.embedding for row in rows}


def newest_unlabelled(connection: Connection, model: str, at_most: int) -> dict[int, Sequence[float]]:
    """Embeddings under a model of the newest photos without a label, newest first."""
    rows = connection.execute(
        select(Embedding.image_id, Embedding.embedding)
        .join(Image, Image.id == Embedding.image_id)
        .where(Embedding.model == model, Image.deleted_at.is_(None), Image.label.is_(None))
        .order_by(Embedding.image_id.desc())
        .limit(at_most)
    )
    return {row.image_id: row.embedding for row in rows}


@dataclass(frozen=True, slots=True)
class Outdated:
    """The current version of a predictor, when it understands other embeddings than those made now.

    zip: SHA-256 of what it was trained from, None for the gallery.
    """

    predictor_id: int
    version: int
    name: str
    target: str
    model: str
    zip: str | None


def outdated_predictors(connection: Connection, embedding_model: str, at_most: int) -> list[Outdated]:
    """Predictors of photos whose current version was trained with another embedding model."""
    rows = connection.execute(
        select(
            PredictorVersion.predictor_id,
            PredictorVersion.version,
            Predictor.name,
            PredictorVersion.target,
            PredictorVersion.model,
            PredictorVersion.card["zip"].astext.label("zip"),
        )
        .join(Predictor, Predictor.id == PredictorVersion.predictor_id)
        .where(
            PredictorVersion.version == Predictor.current_version,
            PredictorVersion.kind == PredictorKind.IMAGE.value,
            PredictorVersion.card["embedding_model"].astext != embedding_model,
        )
        .order_by(PredictorVersion.predictor_id)
        .limit(at_most)
    )
    return [Outdated(*row) for row in rows]


def known_zips(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Those of the zips that a version of a predictor was trained from."""
    zips = PredictorVersion.card["zip"].astext
    found = select(zips).where(PredictorVersion.kind == PredictorKind.IMAGE.value, zips.in_(sha256s))
    return set(connection.execute(found).scalars())
