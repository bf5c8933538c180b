"""Services about generalization: what a stored run says of samples that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import Refused
from core.people import LOCAL
from core.store.looks import refusal_shown
from core.studies.access import to_act
from core.studies.dealing import Deal, deal, deals, to_deal
from core.studies.services.stored import StoredRuns

if TYPE_CHECKING:
    from core.experiment import Experiment
    from core.store.records import Look
    from core.studies.fits_asked import Polynomials
    from core.studies.folds_view import FoldsView
    from core.studies.inputs_kept import InputsAsked, InputsKept
    from core.studies.measured_runs import Measuring
    from core.studies.memorized import Memorized
    from core.studies.weight_sizes import WeightSizes
    from core.training.confidence import Confidence
    from core.training.evaluation import Evaluation
    from core.training.narrator import Saying
    from core.training.polynomial_fits import Fits


class Generalizing(StoredRuns):
    """What is asked about how well stored runs generalize."""

    def folds(self, experiment: Experiment, *, patience_s: float = 0.0, actor: str = LOCAL) -> FoldsView | None:
        """Which samples validate with which of an experiment's folds.

        None while it is not known, which whoever asks waits for no longer than `patience_s`: ask again.
        """
        to_act(actor)
        return self.runner.data.folds(experiment, patience_s)

    def confidence(self, run: str, *, actor: str = LOCAL) -> Measuring[Confidence]:
        """How sure a run's network is of its answers and how often it is right, as it is measured.

        BadInput for a run that answers with numbers.
        """
        record = self.run(run, actor=to_act(actor))
        return self.runner.data.confidence(record, actor)

    def memorized(self, run: str, *, actor: str = LOCAL) -> Measuring[Memorized]:
        """Which training samples a run has learned when, as it is found out by training it once more.

        BadInput for a run that answers with numbers or hides a fault.
        """
        record = self.run(run, actor=to_act(actor))
        return self.runner.data.memorized(record, actor)

    def evaluations(self, run: str, *, actor: str = LOCAL) -> list[Evaluation]:
        """The errors of a run as they were measured, in their order."""
        from core.studies.replayed import stored_evaluations

        return stored_evaluations(self.store, self.run(run, actor=to_act(actor)).id)

    def sayings(self, run: str, *, actor: str = LOCAL) -> list[Saying]:
        """What the narrator said of a run from its beginning on, in the order in which it did."""
        from core.studies.replayed import sayings_of

        return sayings_of(self.store, self.run(run, actor=to_act(actor)))

    def polynomials(self, asked: Polynomials, *, actor: str = LOCAL) -> Fits:
        """Polynomials of every degree through noisy points; waits for its turn."""
        return self.runner.data.polynomials.draw(asked, to_act(actor))

    def inputs_kept(self, asked: InputsAsked, *, actor: str = LOCAL) -> InputsKept:
        """Which inputs every fold of a table keeps; waits for its turn."""
        return self.runner.data.inputs.draw(asked, to_act(actor))

    def looks(self, run: str, *, actor: str = LOCAL) -> tuple[Look, ...]:
        """The actor's own looks at the test split of a run, the first one first."""
        split = (self.run(run, actor=to_act(actor)).facts.split_hashes or {}).get("test")
        return self.store.looks(actor=actor, split_hash=split) if split is not None else ()

    def staged_refusal(self, run: str, *, actor: str = LOCAL) -> Refused:
        """The words with which a second look at a run's test split is refused, for a class to see; nobody looks.

        Refused to who is no teacher.
        """
        to_deal(actor)
        weights = self.run(run, actor=actor).weights_sha256
        return refusal_shown([look for look in self.looks(run, actor=actor) if look.weights_sha256 != weights])

    def deal(self, dataset: str, *, actor: str = LOCAL) -> Deal:
        """Deal a fresh test set of a data set (its key) to everybody. BadInput, Refused."""
        from core.catalog.registry import entry_class

        return deal(self.store, str(entry_class("datasets", dataset).key), actor=actor)

    def deals(self, dataset: str, *, actor: str = LOCAL) -> tuple[Deal, ...]:
        """The test sets of a data set (its key) that were dealt, the first one first."""
        to_act(actor)
        return deals(self.store, dataset)

    def weights_of(self, study: str, *, actor: str = LOCAL) -> list[tuple[Any, WeightSizes]]:
        """For every value of a comparison over one thing, the sizes of the weights that its first run has ended with.

        BadInput for a comparison that the actor may not see.
        """
        from core.studies.comparison import Comparison
        from core.studies.lanes import stored_lanes
        from core.studies.weight_sizes import weight_sizes

        record = self.store.get_study(study, actor=to_act(actor))
        comparison = Comparison.from_json(record.document)
        found = []
        for run, lane in stored_lanes(comparison, self.store.list_runs(actor=actor, study=study)):
            if lane.number == 0 and (sizes := weight_sizes(self.store, self.folder, run)) is not None:
                found.append((next(iter(comparison.variants[lane.variant].changes.values())), sizes))
        return sorted(found, key=lambda item: item[0])
