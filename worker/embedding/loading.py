"""Loads the model that this worker embeds with, and has the index made with it."""

import structlog

from shared.db.queries.index.runs import lock_target_model, register_model
from shared.db.unit_of_work import UnitOfWork
from shared.settings import Settings
from worker.embedding.algorithms.embedder import Embedder
from worker.embedding.engine_choice import choose_engine, make_embedder, model_id, this_machine
from worker.embedding.weights import load_weights

log = structlog.get_logger(__name__)


def load_registered_embedder(settings: Settings, unit_of_work: UnitOfWork) -> Embedder:
    """The embedding model. Loading it makes it the one that the index is made with. Raises BadSetting."""
    weights, machine = load_weights(settings), this_machine(settings)
    # The row stays locked from the look to the change: of two workers that start at once, the second sees the first.
    with unit_of_work.begin() as transaction:
        registered = lock_target_model(transaction.connection)
        engine = choose_engine(settings.engine, machine, weights.model_id, registered)
        model = model_id(weights.model_id, engine.precision)
        register_model(transaction.connection, model, weights.description)
    embedder = make_embedder(settings, weights, engine, machine)
    log.info("model_loaded", model=model, weights=weights.description, engine=engine, device=embedder.device)
    return embedder
