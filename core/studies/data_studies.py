"""What pages ask about data: samples, classes and splits, how much a network withstands and what its layers do."""

from __future__ import annotations

from concurrent.futures import Future

from core.experiment import Experiment
from core.store.folder import DataFolder
from core.store.store import Store
from core.studies.blocks import Blocks
from core.studies.data_view import DataView, data_view, no_view
from core.studies.invariance import Invariances
from core.studies.kept import Kept
from core.studies.loading import Loading
from core.studies.measured_runs import MeasuredRuns
from core.studies.previews import preview_channel
from core.studies.sample_pictures import SamplePictures
from core.training.compute import Compute
from core.training.resident import ResidentData
from core.training.splits import data_of


class DataStudies:
    """The studies of data of one process."""

    def __init__(self, folder: DataFolder, store: Store, loading: Loading, compute: Compute) -> None:
        # Whoever loads first, a viewer of the untrained network sees how far it is.
        self.samples = SamplePictures(compute, lambda chosen: loading.load(chosen, preview_channel(chosen)))

        def load(experiment: Experiment, device: str | None) -> Future[ResidentData]:
            return loading.load(experiment, None, device)

        self.invariances = Invariances(MeasuredRuns(folder, store, load, compute))
        self.blocks = Blocks(folder, store, load, compute)
        self._views: Kept[DataView] = Kept(
            compute, lambda chosen: loading.load(chosen, preview_channel(chosen)), no_view
        )

    def view(self, experiment: Experiment, patience_s: float = 0.0) -> DataView | None:
        """How an experiment's data are split and spread; None when that is not known within `patience_s`."""
        # It shows what was chosen; a sealed fault is seen in what a run measures.
        experiment = experiment.model_copy(update={"sealed": ""})
        key = data_of(experiment)
        return self._views.get(key, experiment, lambda data: data_view(data, experiment), patience_s)
