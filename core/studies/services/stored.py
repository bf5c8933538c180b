"""Services for stored runs: find, name, note, delete, and fill the hub with one that is watched."""

from __future__ import annotations

from core.errors import BadInput
from core.live.hub import Hub
from core.people import LOCAL
from core.store.folder import WriteLock
from core.store.records import RunRecord
from core.studies.access import to_change, to_delete
from core.studies.services.base import Base
from core.studies.study import SEARCH, is_channel, study_of


class StoredRuns(Base):
    """The runs of the data folder."""

    def runs(self, *, actor: str = LOCAL) -> tuple[RunRecord, ...]:
        """All runs the actor may see, newest last."""
        is_left = self._lock is None and not WriteLock.is_taken(self.folder)
        runs = self.store.list_runs(actor=actor)
        return tuple(run.left_behind() if is_left and run.active else run for run in runs)

    def run(self, run: str, *, actor: str = LOCAL) -> RunRecord:
        """A run as stored. BadInput when there is none with this id that the actor may see."""
        return self.store.get_run(run, actor=actor)

    def find(self, run: str, *, actor: str = LOCAL) -> RunRecord | None:
        """A run, or None when there is none with this id."""
        try:
            return self.store.get_run(run, actor=actor)
        except BadInput:
            return None

    def family(self, run: str, *, actor: str = LOCAL) -> tuple[RunRecord, ...]:
        """A run, what it has branched from, and all that has branched from these: each before its own branches."""
        first = self.store.get_run(run, actor=actor)
        while first.parent and (parent := self.find(first.parent, actor=actor)):
            first = parent
        return self._with_branches(first, actor)

    def _with_branches(self, run: RunRecord, actor: str) -> tuple[RunRecord, ...]:
        branches = self.store.list_runs(actor=actor, parents=[run.id])
        return (run, *(found for branch in branches for found in self._with_branches(branch, actor)))

    def rename(self, run: str, name: str, *, actor: str = LOCAL) -> None:
        """Give a run another name."""
        self.store.rename(to_change(self.store.get_run(run, actor=actor), actor).id, name, actor=actor)
        self.hub.update(run, name=name, is_named=bool(name))

    def note(self, run: str, note: str, *, actor: str = LOCAL) -> None:
        """Replace a run's note."""
        self.store.note(to_change(self.store.get_run(run, actor=actor), actor).id, note, actor=actor)

    def share(self, run: str, on: bool, *, actor: str = LOCAL) -> None:
        """Let everybody in the class see a run, or nobody else."""
        self.store.share(to_change(self.store.get_run(run, actor=actor), actor).id, on, actor=actor)
        if not on:
            self.hub.doubt()

    def delete(self, run: str, *, actor: str = LOCAL) -> None:
        """Delete a run for good; Refused while it is active."""
        record = to_delete(self.store.get_run(run, actor=actor), actor)
        self.runner.delete(run, record.owner)
        self.hub.forget(run)

    def show_learned(self, run: str, *, actor: str = LOCAL) -> None:
        """Draw what a run has learned for whoever opens it after it has raced others: it was not drawn meanwhile."""
        record = self.store.get_run(run, actor=actor)
        if run in self.hub.runs() and record.step and not record.active and not self.hub.has_pictures(run):
            self.runner.show_pictures(record)

    def _load_stored(self, run: str, hub: Hub) -> bool:
        """Fill a stored run into the hub for a viewer; False when there is none."""
        from core.studies.replayed import show_stored

        if is_channel(run):
            return self._load_comparison(run)
        # One that is resumed at this moment shows itself: what is stored would be put over it.
        with self.runner.changing:
            if run in hub.runs():
                return True
            record = self.find(run)
            if record is None:
                return False
            show_stored(self.store, record, hub)
        if record.step:
            self.runner.show_pictures(record)
        return True

    def _load_comparison(self, channel: str) -> bool:
        from core.studies.race_meta import show_stored_study

        try:
            record = self.store.get_study(study_of(channel), actor=LOCAL)
        except BadInput:
            return False
        if record.kind == SEARCH:
            self.runner.searches.show(record)
            return True
        return show_stored_study(self.store, record, self.hub)
