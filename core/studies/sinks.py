"""Where the news of a run go: the live hub and the store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from core.describe import choices
from core.errors import CoreError
from core.live.hub import Hub
from core.store.records import Evaluation as StoredEvaluation
from core.store.records import RunFacts
from core.store.store import Store
from core.studies.curvature_rows import EVERY
from core.studies.doing import Waiting
from core.text import Text
from core.training.alarms import layer_text
from core.training.answer import answer
from core.training.changes import change_words
from core.training.command import Command
from core.training.epochs import epoch_text
from core.training.evaluation import Evaluation
from core.training.events import Event, Outcome
from core.training.guessing import guessing
from core.training.health import Health
from core.training.narrator import Narrator
from core.training.narrator_record import told
from core.training.recorder import StepBlock
from core.training.resident import ResidentData
from core.training.run import Run
from core.training.trend import Trend, fine_tuned_from
from core.training.verdict import status

OVER = ("finished", "stopped", "diverged", "failed", "interrupted")


class StoreSink:
    """Writes a run's news into the store; waits at most a third of a second for an acknowledgement."""

    def __init__(self, store: Store, run: str, attempt: int, actor: str) -> None:
        self._store, self._run, self._attempt, self._actor = store, run, attempt, actor
        self._has_facts = False

    def state(self, state: str, run: Run | None, outcome: Outcome | None) -> Callable[[], object]:
        facts = None
        if run is not None and not self._has_facts:
            self._has_facts, facts = True, _facts(run)
            note = training_note(run.parts.data)
            if note is not None:
                self._store.add_note(self._run, note)
        # What failed may not be able to tell its numbers; the rows up to then are stored.
        known = answer(run) if run is not None and state != "failed" else None
        return self._store.queue_state(
            self._run,
            state,  # type: ignore[arg-type]
            actor=self._actor,
            reason=outcome.reason if outcome else None,
            reason_text=outcome.reason_text if outcome else None,
            answer=known,
            weights_sha256=known["weights_sha256"] if known else None,
            facts=facts,
        )

    def block(self, run: Run, block: StepBlock) -> None:
        self._store.append_steps(self._run, self._attempt, {"step": block.steps, **block.columns})

    def evaluation(self, run: Run, evaluation: Evaluation) -> None:
        row = evaluation.to_row()
        stored = StoredEvaluation(evaluation.step, evaluation.epoch, row.pop("train_s"), row)
        self._store.append_evaluations(self._run, self._attempt, [stored])

    def event(self, run: Run, event: Event, actor: str) -> None:
        self._store.add_event(
            self._run,
            event.kind,
            actor=actor,
            step=event.step,
            epoch=run.epochs.at(event.step),
            train_s=run.train_s,
            values=event.values,
            recipe=event.kind in Event.CHANGING,
        )
        kept = run.carried_over() if event.kind == "set" else None
        if kept is not None:
            self._store.add_note(self._run, kept)

    def applied(self, command: Command, step: int, problem: CoreError | None) -> None:
        """Commands that change the result come as events; of the others what a resumed run goes on with stays."""
        if command.kind == "curvature" and problem is None:
            # It belongs to no update: an attempt that begins before this one keeps it.
            self._store.add_event(self._run, EVERY, actor=command.actor, step=0, values=command.values)

    def progress(self, run: Run, pace: str, seconds_left: float | None) -> None:
        """Progress is for the screen only."""


def _facts(run: Run) -> RunFacts:
    where = run.conditions
    return RunFacts(
        device=where.device,
        threads=where.threads,
        precision=where.precision,
        engine=where.engine,
        split_hashes=run.parts.data.hashes,
        environment={"conditions": where.to_json(), "started": datetime.now(UTC).isoformat()},
    )


EVENT_WORDS: dict[str, Callable[[Event], Text]] = {
    "extend": lambda event: Text("+{epochs} epochs", epochs=event.values["epochs"]),
    "stop": lambda event: Text("stopped"),
    "continue": lambda event: Text("resumed"),
    "fork": lambda event: Text("branched here"),
    "diverged": lambda event: Text("not a number at update {step}", step=event.step),
    "stage": lambda event: layer_text(event.values["layer"]) if event.values["layer"] else Text("the whole network"),
    "early_stop": lambda event: Text("weights of epoch {epoch} are back", epoch=epoch_text(event.values["best_epoch"])),
}


class LiveSink:
    """Shows a run's news to whoever watches, with the sentence that sums them up."""

    def __init__(
        self,
        hub: Hub,
        run: str,
        attempt: int,
        trend_of: list[Evaluation],
        saving: Callable[[], Text | None],
        first: Evaluation | None = None,
    ) -> None:
        self._hub, self._run, self._attempt = hub, run, attempt
        self._earlier, self._first, self._saving = trend_of, first, saving
        self._trend: Trend | None = None
        self._health = Health()
        self._narrator = Narrator()
        self._num_applied = 0
        self._waiting = Waiting()

    def state(self, state: str, run: Run | None, outcome: Outcome | None) -> None:
        reason = outcome.reason_text if outcome else None
        self._hub.update(self._run, state=state, reason=reason)
        if run is not None:
            if self._trend is None:
                self._describe(run)
            self._say(run, state, reason)
        if state in OVER:
            self._hub.close(self._run)

    def _describe(self, run: Run) -> None:
        known = guess_facts(run.parts.data)
        self._trend = Trend(
            run.parts.data.task,
            known["guess_error"],
            self._earlier,
            since=fine_tuned_from(run.experiment),
            first=self._first,
        )
        self._hub.update(self._run, **known, **live_facts(run))

    def _say(self, run: Run, state: str, reason: Text | None) -> None:
        assert self._trend is not None
        restored = run.best if run.final is run.best and run.is_over and run.parts.stops_early else None
        self._narrator.follow(self._trend)
        if state == "diverged":
            self._narrator.diverged(run.epoch)
        said = status(
            run.current,
            self._trend,
            state=state,
            reason=reason,
            restored=restored,
            alarms=self._health.alarms,
            told=told(self._narrator.at()),
        )
        self._hub.update(self._run, status=said.to_meta(), ends_with=_ends_with(run))

    def block(self, run: Run, block: StepBlock) -> None:
        self._health.block(block)
        self._hub.append(self._run, self._attempt, "update", block.steps, block.columns, block.stamps)

    def evaluation(self, run: Run, evaluation: Evaluation) -> None:
        columns = {name: np.array([value]) for name, value in evaluation.to_row().items()}
        columns["epoch"] = np.array([evaluation.epoch])
        self._hub.append(self._run, self._attempt, "evaluation", np.array([evaluation.step]), columns)
        if self._trend is not None:
            self._trend.add(evaluation)
            self._health.look(run)
            self._say(run, "running", None)

    def event(self, run: Run, event: Event, actor: str) -> None:
        if event.kind == "set":
            words = change_words(run.previous, run.current, event.values)
            self._hub.update(self._run, choices=choices(run.current))
        else:
            words = EVENT_WORDS[event.kind](event)
        self._hub.event(self._run, {"step": event.step, "kind": event.kind, "text": words})

    def applied(self, command: Command, step: int, problem: CoreError | None) -> None:
        self._num_applied += 1
        text = problem.text if problem else None
        if command.kind == "curvature" and problem is None:
            self._hub.update(self._run, curvature_every=command.values["every"])
        self._hub.update(
            self._run, applied={"number": self._num_applied, "kind": command.kind, "step": step, "text": text}
        )

    def progress(self, run: Run, pace: str, seconds_left: float | None) -> None:
        self._hub.update(
            self._run,
            step=run.step_count,
            epoch=run.epoch,
            seconds_left=seconds_left,
            pace=pace,
            lr=run.learning_rate,
            num_steps=run.total_steps,
            epochs=run.epochs.at(run.total_steps),
            steps_per_epoch=run.steps_per_epoch,
            stretches=run.epochs.stretches,
            saving_delayed=self._saving(),
            **self._waiting.meta([run]),
        )


def _ends_with(run: Run) -> dict[str, float] | None:
    """The errors of the weights a run ends with, which early stopping may have put back; None while it goes on."""
    if not run.is_over or run.final is None:
        return None
    return {"train": run.final.train.error, "validation": run.final.validation.error}


def guess_facts(data: ResidentData) -> dict[str, Any]:
    """The guessing line of a chart."""
    error, loss, words = guessing(data)
    return {"guess_error": error, "guess_loss": loss, "guess_text": words}


def training_note(data: ResidentData) -> Text | None:
    """On how many samples the training error is measured, where these are not all."""
    measured = len(data.splits.evaluation)
    if measured == data.num_train:
        return None
    return Text(
        "Training error is measured on a fixed {measured:,} of {num:,} samples.", measured=measured, num=data.num_train
    )


def live_facts(run: Run) -> dict[str, Any]:
    """What a viewer must know of a run once: sizes, layers, notes."""
    data = run.parts.data
    measured = len(data.splits.evaluation)
    return {
        "num_steps": run.total_steps,
        "steps_per_epoch": run.steps_per_epoch,
        "epochs": run.epochs.at(run.total_steps),
        "stretches": run.epochs.stretches,
        "layers": list(run.parts.recorder.layers),
        "num_train": measured,
        "num_validation": data.num_validation,
        "train_note": training_note(data),
        "lr": run.learning_rate,
    }
