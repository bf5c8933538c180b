"""Services for comparisons: start one, tell it something, find it, delete it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.executors.choice import LOCAL as HERE
from core.people import LOCAL
from core.store.records import RunRecord, StudyRecord
from core.studies.access import to_act, to_change, to_command, to_delete
from core.studies.fair_use import GOING_ON
from core.studies.services.searches import SearchServices
from core.studies.study import COMPARISON, SEARCH

if TYPE_CHECKING:
    from core.studies.comparison import Comparison


class Comparisons(SearchServices):
    """The comparisons of the data folder, and those that go on here."""

    def start_comparison(
        self,
        comparison: Comparison,
        *,
        actor: str = LOCAL,
        pace: str = "10s",
        paused: bool = False,
        executor: str = HERE,
    ) -> str:
        """Store a comparison and queue its race, after the search for learning rates where there is one; its id.

        What happens stands on the hub's channel `study_channel(id)`. BadInput when a variant cannot be trained.
        """
        self.connect_cluster(executor, actor=actor)
        with self.fair_use.place(self.runner, to_act(actor)):
            return self.runner.races.start(comparison, actor=actor, pace=pace, paused=paused, executor=executor)

    def price(self, comparison: Comparison, *, actor: str = LOCAL) -> str:
        """A channel of the hub on which it is measured and told what a comparison will cost."""
        to_act(actor)
        return self.runner.races.price(comparison)

    def price_s(self, comparison: Comparison, *, actor: str = LOCAL) -> float | None:
        """About how many seconds of compute it will cost; None while that is being measured, 0 where it cannot be."""
        return self.hub.meta(self.price(comparison, actor=actor)).get("seconds")

    def command_comparison(
        self, study: str, kind: str, values: Mapping[str, Any] | None = None, *, actor: str = LOCAL
    ) -> None:
        """Tell all runs of a comparison something: start, pause, resume, step, stop, extend, set, pace, curvature.

        One that is over goes on with extend, and one that was broken off with resume, in lock-step again. `fork` lets
        one of its runs branch: {"run", "step", "changes", "name", "pace"}; the channel tells of the branch. `target`
        chooses the error whose reaching is compared: {"target"}.
        """
        record = self.store.get_study(study, actor=actor)
        if record.kind == SEARCH:
            self.command_search(study, kind, actor=actor)
            return
        if kind == "fork":
            with self.fair_use.place(self.runner, to_act(actor)):
                self.runner.races.branch(record, dict(values or {}), actor=actor)
            return
        is_active = self.is_comparing(study)
        to_command(record, kind, actor, is_active=is_active)
        if kind == "target":
            from core.studies.aim import aim

            aim(self.store, self.hub, record, (values or {}).get("target"), is_active=is_active)
            return
        is_held = is_active and kind in GOING_ON and self.runner.races.is_held(record)
        with self._room_to_go_on(record.owner, is_active=is_active, is_held=is_held):
            self.runner.races.command(record, kind, dict(values or {}), actor=actor)

    def wait_comparison(self, study: str, timeout_s: float | None = None, *, actor: str = LOCAL) -> StudyRecord:
        """Wait until a comparison of this process is over and stored; TimeoutError after `timeout_s`."""
        self.store.get_study(study, actor=actor)
        self.runner.races.wait(study, timeout_s)
        self.store.flush()
        return self.store.get_study(study, actor=actor)

    def studies(self, *, actor: str = LOCAL, kind: str | None = COMPARISON) -> tuple[StudyRecord, ...]:
        """The comparisons the actor may see, newest last; studies of another kind, or of every kind (None)."""
        return self.store.list_studies(actor=actor, kind=kind)

    def study(self, study: str, *, actor: str = LOCAL) -> StudyRecord:
        """A comparison as stored; `Comparison.from_json(record.document)` is what was asked for."""
        return self.store.get_study(study, actor=actor)

    def runs_of(self, study: str, *, actor: str = LOCAL) -> tuple[RunRecord, ...]:
        """The runs of a comparison, seed by seed and of one seed variant by variant."""
        return self.store.list_runs(actor=actor, study=study)

    def running_comparison(self, *, actor: str = LOCAL) -> StudyRecord | None:
        """The actor's newest comparison that is active here."""
        own = (record for record in self.studies(actor=actor) if record.owner == actor)
        active = [record for record in own if self.is_comparing(record.id)]
        return active[-1] if active else None

    def is_comparing(self, study: str) -> bool:
        """Whether a comparison or search waits, runs or is paused in this process."""
        runner = self._runner
        return runner is not None and (runner.races.is_active(study) or runner.searches.is_active(study))

    def delete_comparison(self, study: str, *, actor: str = LOCAL) -> None:
        """Delete a comparison and its runs for good; Refused while it is active."""
        self.runner.races.delete(to_delete(self.store.get_study(study, actor=actor), actor))

    def share_comparison(self, study: str, on: bool, *, actor: str = LOCAL) -> None:
        """Let everybody in the class see a comparison or search and its runs, or nobody else."""
        self.store.share_study(to_change(self.store.get_study(study, actor=actor), actor).id, on, actor=actor)
        if not on:
            self.hub.doubt()
