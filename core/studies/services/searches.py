"""Services for searches: start one, tell it something, find it, delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.executors.choice import LOCAL as HERE
from core.people import LOCAL
from core.store.records import StudyRecord
from core.studies.access import to_act, to_command, to_delete
from core.studies.fair_use import GOING_ON
from core.studies.services.clusters import ClusterServices
from core.studies.study import SEARCH

if TYPE_CHECKING:
    from core.studies.search.asked import Search


class SearchServices(ClusterServices):
    """The searches of the data folder, and those that go on here."""

    def start_search(self, search: Search, *, actor: str = LOCAL, paused: bool = False, executor: str = HERE) -> str:
        """Store a search and let its first trials train; its id. BadInput when a value cannot be trained.

        What happens stands on the hub's channel `study_channel(id)`.
        """
        self.connect_cluster(executor, actor=actor)
        with self.fair_use.place(self.runner, to_act(actor)):
            return self.runner.searches.start(search, actor=actor, paused=paused, executor=executor)

    def search_price(self, search: Search, *, actor: str = LOCAL) -> str:
        """A channel of the hub on which it is measured and told what a search will cost."""
        from core.studies.search.price import SearchSample

        to_act(actor)
        sample = SearchSample(search)
        return self.runner.races.price(sample, sample.words)

    def command_search(self, study: str, kind: str, *, actor: str = LOCAL) -> None:
        """Tell a search pause, start, resume or stop. One that is over goes on with start or resume, if it can."""
        record = self.store.get_study(study, actor=actor)
        is_active = self.runner.searches.is_active(study)
        to_command(record, kind, actor, is_active=is_active)
        is_held = is_active and kind in GOING_ON and self.runner.races.is_held(record)
        with self._room_to_go_on(record.owner, is_active=is_active, is_held=is_held):
            self.runner.searches.command(record, kind, actor=actor)

    def wait_search(self, study: str, timeout_s: float | None = None, *, actor: str = LOCAL) -> StudyRecord:
        """Wait until a search of this process is over and stored; TimeoutError, or what made it fail as a whole."""
        self.store.get_study(study, actor=actor)
        error = self.runner.searches.wait(study, timeout_s)
        if error is not None:
            raise error
        self.store.flush()
        return self.store.get_study(study, actor=actor)

    def searches(self, *, actor: str = LOCAL) -> tuple[StudyRecord, ...]:
        """The searches the actor may see, newest last."""
        return self.store.list_studies(actor=actor, kind=SEARCH)

    def search_report(self, study: str, *, actor: str = LOCAL) -> dict[str, Any]:
        """What has come out of a search: the best trial, the simplest as good as that, all trials, what matters."""
        return self.runner.searches.report(self.store.get_study(study, actor=actor))

    def delete_search(self, study: str, *, actor: str = LOCAL) -> None:
        """Delete a search and its runs for good; Refused while it is active."""
        self.runner.searches.delete(to_delete(self.store.get_study(study, actor=actor), actor))
