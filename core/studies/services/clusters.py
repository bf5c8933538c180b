"""Services for the cluster: reach it, and see what it has and what trains there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import Refused
from core.executors.choice import LOCAL as HERE
from core.executors.choice import RAY
from core.experiment import Experiment
from core.people import LOCAL, keeps_order
from core.store.records import RunRecord
from core.studies.access import to_act
from core.studies.services.stored import StoredRuns
from core.text import Text

if TYPE_CHECKING:
    from core.executors.cluster import View


@dataclass(frozen=True)
class OnCluster:
    """A run that trains on the cluster or waits for a worker; `where` is its machine and process, once it has one."""

    run: RunRecord
    state: str
    progress: float
    where: tuple[str, int] | None


class ClusterServices(StoredRuns):
    """The cluster that this process reaches."""

    def connect_cluster(self, executor: str = RAY, *, actor: str = LOCAL) -> None:
        """Reach the cluster of RAY_ADDRESS, or start one on this machine; CoreError says why that failed.

        Nothing for an executor that trains here. The first time that takes seconds, so it comes before anything that
        others wait for. Refused for students: its workers would take the cores that serve the class.
        """
        if executor != HERE and not keeps_order(to_act(actor)):
            raise Refused(
                Text("This cannot train on the cluster."),
                Text("Only a teacher uses it: its workers take the cores that serve the class."),
                Text("Let it train in this program."),
            )
        self.runner.cluster_of(executor)

    def start_shared(
        self, experiment: Experiment, processes: int, *, actor: str = LOCAL, notes: Sequence[Text] = ()
    ) -> str:
        """Store a run whose updates so many processes of the cluster share, and let it begin; its id.

        Without dropout and batch norm it ends as in one process, up to rounding. BadInput for what cannot be shared.
        """
        from core.compatibility import check
        from core.studies.shared_run import start_shared

        notes = [*notes, *check(experiment)]
        self.connect_cluster(actor=actor)
        with self.fair_use.place(self.runner, actor):
            return start_shared(self.runner, experiment, processes, actor=actor, name=experiment.name, notes=notes)

    def cluster(self, *, actor: str = LOCAL) -> View | None:
        """What the cluster has; None while none is reached."""
        to_act(actor)
        return None if self._runner is None else self._runner.cluster.view()

    def on_cluster(self, *, actor: str = LOCAL) -> tuple[OnCluster, ...]:
        """What trains there of the runs that the actor may see."""
        to_act(actor)
        from core.executors.remote_lane import RemoteLane

        jobs = {} if self._runner is None else self._runner.at_work.jobs()
        lanes = {run: job for run, job in jobs.items() if isinstance(job, RemoteLane)}
        seen = {run: self.find(run, actor=actor) for run in lanes}
        return tuple(
            OnCluster(record, lane.state_name if lane.where else "queued", lane.progress, lane.where)
            for run, lane in lanes.items()
            if (record := seen[run]) is not None
        )
