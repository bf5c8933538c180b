"""Services for sealed faults: diagnose one, give up, and read its instrument once it is known."""

from __future__ import annotations

from core.catalog.faults import Instrument, acting, opened
from core.catalog.registry import canonical_key
from core.errors import Refused
from core.experiment import Experiment
from core.people import LOCAL
from core.studies.fault_finding import Finding, Readings, about, series_of
from core.studies.services.stored import StoredRuns
from core.text import Text


class FaultFinding(StoredRuns):
    """What people have found out about sealed faults. What is revealed is revealed to who has found it, or given up."""

    def finding(self, seal: str, *, actor: str = LOCAL) -> Finding:
        """How far the actor is with a seal. BadInput where it is none."""
        opened(seal)
        mine = self.store.answers_by(actor, about(seal))
        return Finding.from_json(seal, mine[0].value) if mine else Finding(seal)

    def diagnose(self, seal: str, fault: str, instrument: Instrument, *, actor: str = LOCAL) -> Finding:
        """Keep what the actor thinks it is, by the fault's key; how far the actor is then. BadInput, Refused."""
        tried = self.finding(seal, actor=actor).tried(canonical_key("faults", fault), instrument)
        return self._kept(tried, actor)

    def give_up(self, seal: str, *, actor: str = LOCAL) -> Finding:
        """Let the actor know the fault without having found it. BadInput, Refused."""
        before = self.finding(seal, actor=actor)
        return before if before.is_revealed else self._kept(Finding(seal, before.tries, gave_up=True), actor)

    def _kept(self, finding: Finding, actor: str) -> Finding:
        self._answer(about(finding.seal), "diagnosis", finding.to_json(), actor)
        return finding

    def points(self, *, actor: str = LOCAL) -> tuple[int, int]:
        """The actor's points, and the number of faults that they were given for."""
        answers = self.store.answers_by(actor, about(""))
        found = [Finding.from_json(answer.about.removeprefix(about("")), answer.value) for answer in answers]
        return sum(one.points for one in found), sum(one.is_found for one in found)

    def finders(self, seal: str) -> tuple[int, int]:
        """How many people have found a fault, and how many have tried or given up."""
        found = [Finding.from_json(seal, answer.value) for answer in self.store.answers(about(seal))]
        return sum(one.is_found for one in found), len(found)

    def readings(self, experiment: Experiment, *, actor: str = LOCAL) -> Readings:
        """What the instrument reads in a run of a sealed experiment, and in a healthy one. Refused until revealed."""
        if not self.finding(experiment.sealed, actor=actor).is_revealed:
            raise Refused(
                Text("What the instrument reads is not told yet."),
                Text("The fault is still sealed for you."),
                Text("Make a diagnosis, or give up."),
            )
        if not acting(experiment).key:
            return Readings(None, None)
        return Readings(
            self._reading(experiment.sealed, experiment, actor),
            self._reading(experiment.sealed, experiment.replace(sealed=""), actor),
        )

    def _reading(self, seal: str, experiment: Experiment, actor: str) -> float | None:
        for run in reversed(self.store.list_runs(actor=actor, fingerprint=experiment.fingerprint())):
            series = series_of(self.store, run.id)
            if series is not None:
                return opened(seal).reading(series)
        return None
