"""What a stored run has learned: its last weights are loaded once more and shown, as they were when it ended."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from core.errors import CoreError
from core.experiment import Experiment
from core.live.hub import Hub
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.loading import Loading
from core.studies.replayed import alarms_at, first_of, stored_evaluations, stored_status
from core.studies.sinks import guess_facts
from core.training.changes import computed
from core.training.checkpoint import latest_valid
from core.training.compute import Compute, Job
from core.training.device import Conditions
from core.training.health import units_of
from core.training.pictures import what_it_has_learned, wrong_answers
from core.training.run import Run

logger = logging.getLogger(__name__)


def show_pictures(record: RunRecord, store: Store, hub: Hub, loading: Loading, compute: Compute) -> None:
    """Show what a stored run has learned, when its data are there: nothing is downloaded for it."""
    experiment = Experiment.from_json(record.experiment)
    dataset: Any = experiment.dataset
    if dataset.available(store.folder.path) is not None:
        return
    job = StoredPicturesJob(record, store, hub)

    def loaded(data: Future[Any]) -> None:
        error = None if data.cancelled() else data.exception()
        if error is not None:
            job.failed(error)
        elif not data.cancelled():
            compute.offer(job)

    loading.load(experiment, None, record.facts.device).add_done_callback(loaded)


class StoredPicturesJob(Job):
    """Draws the pictures of a stored run and its guessing line, once; its data are loaded before it is queued."""

    def __init__(self, record: RunRecord, store: Store, hub: Hub) -> None:
        super().__init__(record.owner)
        self._record, self._store, self._hub = record, store, hub

    def advance(self, budget_s: float) -> None:
        self.done = True
        record, store = self._record, self._store
        noted = {entry.step: entry.sha256 for entry in store.snapshots(record.id)}
        snapshot = latest_valid(store.folder.snapshots(record.id), run=record.id, noted=noted).snapshot
        if snapshot is None:
            return
        experiment = Experiment.from_json(record.experiment)
        run = Run(experiment, Path(store.folder.path), conditions=Conditions.from_json(snapshot.state["conditions"]))
        run.load_state(snapshot.tensors, snapshot.state)
        known = guess_facts(run.parts.data)
        if self._hub.meta(record.id).get("state") != record.state:
            return  # It was resumed meanwhile, and tells of itself.
        now = computed(experiment, store.events(record.id))
        alarms = alarms_at(self._hub, record.id, record.step, units_of(run))
        measured, first = stored_evaluations(store, record.id), first_of(store, record)
        said = stored_status(record, now, measured, alarms, known["guess_error"], first)
        self._hub.update(record.id, status=said.to_meta(), **known)
        for name, payload in (what_it_has_learned(run), wrong_answers(run)):
            if payload:
                self._hub.picture(record.id, name, payload)

    def failed(self, error: BaseException) -> None:
        self.done = True
        # The curves are shown all the same; the log says why the pictures are not.
        logger.warning("no pictures of run %s: %s", self._record.id, error, exc_info=not isinstance(error, CoreError))
