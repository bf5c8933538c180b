"""Services for runs that are watched once more: what they were like at any update, and which run is one to watch."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from core.errors import CoreError, Refused
from core.experiment import Experiment
from core.live.meta import Moment
from core.people import LOCAL
from core.store.records import RunRecord
from core.studies.services.stored import StoredRuns
from core.text import Text


class Replays(StoredRuns):
    """Stored runs, watched again."""

    def seek(
        self, run: str, step: int, viewer: Hashable, show: Callable[[Moment | CoreError], None], *, actor: str = LOCAL
    ) -> None:
        """Show a viewer what a run that is over was like after update `step`; see `core.studies.playback`.

        `show` is called from the compute thread, several times where the way to the update is long, and no more once
        the viewer asks for another moment. BadInput for an update that the run has not done; Refused while it goes on,
        and where its data are not on this machine.
        """
        record = self.store.get_run(run, actor=actor)
        if record.active and self.runner.job(run) is None:
            self.store.flush()  # It has just ended here, and what was done to it is on its way to the disk.
            record = self.store.get_run(run, actor=actor)
        if record.active:
            raise Refused(
                Text("Run {id} cannot be replayed.", id=run),
                Text("It is going on."),
                Text("Watch it, or stop it first."),
            )
        self.runner.playbacks.seek(viewer, record, step, show)

    def leave_replay(self, viewer: Hashable) -> None:
        """A viewer has gone away."""
        if self._runner is not None:
            self._runner.playbacks.leave(viewer)

    def stored_like(self, experiment: Experiment, *, actor: str = LOCAL) -> RunRecord | None:
        """The newest run of exactly this experiment that has come to its end by itself, for who would start it again.

        Whoever was told something while it ran (another rate, more epochs) has another course, and does not count.
        """
        found = self.store.list_runs(actor=actor, fingerprint=experiment.fingerprint(), state="finished")
        return next((run for run in reversed(found) if run.parent is None and not self._was_changed(run)), None)

    def _was_changed(self, run: RunRecord) -> bool:
        return any(event.recipe for event in self.store.events(run.id))
