"""Services that measure and draw: untrained networks, practice surfaces, landscapes of stored runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.experiment import Experiment
from core.landscape.asked import LandscapeRequest
from core.people import LOCAL
from core.studies.access import to_act
from core.studies.services.stored import StoredRuns

if TYPE_CHECKING:
    from core.landscape.practice import Practice
    from core.studies.blocks_asked import Asked as BlocksAsked
    from core.studies.gradients_asked import Asked
    from core.studies.practice_races import Drawing


class Measurements(StoredRuns):
    """What is measured and drawn beside training."""

    def preview(self, experiment: Experiment, *, actor: str = LOCAL) -> str:
        """A channel of the hub on which the untrained network of an experiment is measured and shown."""
        to_act(actor)
        return self.runner.preview(experiment)

    def draw_practice(self, practice: Practice, *, actor: str = LOCAL) -> Drawing:
        """Optimizers on a practice surface; waits for its turn. BadInput where it has no value at the start."""
        return self.runner.practice_races.draw(practice, to_act(actor))

    def leaving_by_rate(
        self, practice: Practice, *, actor: str = LOCAL
    ) -> tuple[Sequence[float], list[list[int | None]]]:
        """Rates, and for each optimizer of a race that has one its updates to leave the saddle; waits for its turn."""
        return self.runner.practice_races.leaving_by_rate(practice, to_act(actor))

    def gradients(self, asked: Asked, *, actor: str = LOCAL) -> Any:
        """A picture of the Gradients page, as `core.studies.gradients.WORK` returns it; waits for its turn."""
        return self.runner.gradients.draw(asked, to_act(actor))

    def blocks(self, asked: BlocksAsked, *, actor: str = LOCAL) -> Any:
        """What the page Building blocks asks of a run, as `core.studies.blocks.WORK` answers it; waits for its turn.

        BadInput for what the run has not.
        """
        record = self.run(asked.run, actor=to_act(actor)) if asked.run else None
        return self.runner.data.blocks.look(asked, record, actor)

    def landscape(self, request: LandscapeRequest, *, actor: str = LOCAL) -> str:
        """The channel of the hub on which a landscape of stored runs is measured and told. BadInput, Refused."""
        return self.runner.landscapes.show(request, to_act(actor))

    def suggested(self, run: str, suggestion: str, *, actor: str = LOCAL) -> Experiment | None:
        """The experiment that a suggestion beside a run stands for."""
        from core.training.changes import computed
        from core.training.suggestions import suggestion as offered

        record = self.find(run, actor=actor)
        if record is None:
            return None
        experiment = computed(Experiment.from_json(record.experiment), self.store.events(run))
        chosen = offered(suggestion, experiment)
        if chosen is None:
            return None
        changed, _ = chosen.applied_to(experiment)
        return changed
