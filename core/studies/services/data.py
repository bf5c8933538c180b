"""Services about data: samples, splits and spreads of an experiment's data, and what a trained network withstands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.experiment import Experiment
from core.people import LOCAL
from core.studies.access import to_act
from core.studies.services.stored import StoredRuns

if TYPE_CHECKING:
    from core.studies.data_view import DataView
    from core.studies.invariance import Measuring
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

    def invariance(self, run: str, key: str, *, actor: str = LOCAL) -> Measuring:
        """The error of a run's network on samples disturbed by each amount of a disturbance, as it is measured.

        BadInput for a disturbance that does not suit the run's data.
        """
        record = self.run(run, actor=to_act(actor))
        return self.runner.data.invariances.get(record, key, actor)
