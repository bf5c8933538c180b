"""Services about data: samples, splits and spreads of an experiment's data, and what a trained network withstands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.compatibility import check
from core.errors import Refused
from core.experiment import Experiment
from core.people import LOCAL, keeps_order
from core.studies.access import to_act
from core.studies.fair_use import GOING_ON
from core.studies.own_data import Arriving
from core.studies.services.stored import StoredRuns
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.augmentations.synthetic import LearnedAugmentation
    from core.catalog.datasets.own import OwnData
    from core.studies.data_view import DataView
    from core.studies.invariance import InvarianceCurve
    from core.studies.measured_runs import Measuring
    from core.studies.sample_pictures import SamplePicture


class DataServices(StoredRuns):
    """What is asked about data."""

    def sample_picture(
        self, experiment: Experiment, update: int | None = None, *, patience_s: float = 0.0, actor: str = LOCAL
    ) -> SamplePicture | None:
        """Training samples of an experiment, and with `update` (from 0) what its augmentations make of them from there.

        None while it is being drawn, which whoever asks waits for no longer than `patience_s`: ask again.
        """
        to_act(actor)
        return self.runner.data.samples.get(experiment, update, patience_s)

    def data_view(self, experiment: Experiment, *, patience_s: float = 0.0, actor: str = LOCAL) -> DataView | None:
        """How an experiment's data are split, and how widely their inputs spread.

        None while it is not known, which whoever asks waits for no longer than `patience_s`: ask again.
        """
        to_act(actor)
        return self.runner.data.view(experiment, patience_s)

    def invariance(self, run: str, key: str, *, actor: str = LOCAL) -> Measuring[InvarianceCurve]:
        """The error of a run's network ("": the shipped one) on samples disturbed by each amount of a disturbance.

        It is measured while one waits. BadInput for a disturbance that does not suit the run's data.
        """
        actor = to_act(actor)
        record = self.run(run, actor=actor) if run else None
        return self.runner.data.invariances.get(record, key, actor)

    # -- generators ----------------------------------------------------------------------------------------------

    def generator(self, experiment: Experiment, entry: LearnedAugmentation, *, actor: str = LOCAL) -> str:
        """The channel of the hub on which a generator for an experiment's data is shown, as far as there is one.

        BadInput where none can be made for these data.
        """
        to_act(actor)
        return self.runner.data.generators.show(_fitting(experiment, entry), entry)

    def train_generator(self, experiment: Experiment, entry: LearnedAugmentation, *, actor: str = LOCAL) -> str:
        """Train a generator, unless somebody does; returns its channel. BadInput, Refused."""
        with self.fair_use.place(self.runner, to_act(actor)):
            return self.runner.data.generators.train(_fitting(experiment, entry), entry, actor)

    def command_generator(self, channel: str, kind: str, *, actor: str = LOCAL) -> None:
        """Pause, resume or stop a generator; its owner and who keeps order may. BadInput, Refused."""
        generators = self.runner.data.generators
        is_held = kind in GOING_ON and generators.is_held(channel)
        with self._room_to_go_on(generators.owner(channel), is_active=True, is_held=is_held):
            generators.command(channel, kind, to_act(actor))

    # -- own data ------------------------------------------------------------------------------------------------

    def own_data(self, *, actor: str = LOCAL) -> tuple[type[OwnData], ...]:
        """The sets that were brought into this data folder; everybody may choose them."""
        from core.catalog.datasets.own import own_sets

        to_act(actor)
        return tuple(own_sets())

    def add_data(self, name: str, content: bytes, *, actor: str = LOCAL) -> str:
        """Bring a file (a zip of images by class, an `.npz`, a CSV table); returns the key of its data set.

        Decoded in a child process, so it may take seconds. BadInput says why a file cannot be used; Refused to those
        who may not bring data for everybody.
        """
        _to_bring(actor)
        return self.own.add(name, content)

    def bring_data(self, name: str, content: bytes, *, actor: str = LOCAL) -> Arriving:
        """`add_data` without waiting for it."""
        _to_bring(actor)
        arriving = Arriving(name)
        arriving.key = self.runner.compute.io.submit(self.own.add, name, content, arriving.tell)
        return arriving

    def remove_data(self, key: str, *, actor: str = LOCAL) -> None:
        """Delete a set for good; Refused while a stored run has learned from it."""
        from core.catalog.datasets.own import nothing_removed

        _to_bring(actor)
        with nothing_removed():
            users = [run for run in self.store.list_runs(actor=LOCAL) if run.experiment["dataset"]["key"] == key]
            if users:
                raise Refused(
                    Text("These data are needed."),
                    Text(
                        "Stored runs that learned from them: {runs}.",
                        runs=", ".join(run.name or run.id for run in users[:5]),
                    ),
                    Text("Delete those runs first."),
                )
            self.own.remove(key)


def _fitting(experiment: Experiment, entry: LearnedAugmentation) -> Experiment:
    """The experiment with the data that were chosen; BadInput where no generator can be made for them."""
    experiment = experiment.model_copy(update={"augmentations": (entry,), "sealed": ""})
    check(experiment)
    return experiment


def _to_bring(actor: str) -> None:
    """Refused to whoever may not bring or remove data: in a class, all see them, so the teacher does it."""
    if not keeps_order(to_act(actor)):
        raise Refused(
            Text("In a class the teacher brings data."),
            Text("What is brought can be seen and chosen by everybody."),
            Text("Give your file to the teacher, or start this program on your own computer."),
        )
