"""What pages ask about data: samples, classes and splits, how much a network withstands and what its layers do."""

from __future__ import annotations

from concurrent.futures import Future

from core.experiment import Experiment
from core.live.hub import Hub
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.blocks import Blocks
from core.studies.data_view import DataView, data_view, no_view
from core.studies.drawings import Drawings
from core.studies.fits_asked import polynomials
from core.studies.folds_view import FoldsView, folds_view, no_folds
from core.studies.generators import Generators
from core.studies.inputs_kept import InputsAsked, inputs_kept
from core.studies.invariance import Invariances
from core.studies.kept import Kept
from core.studies.loading import Loading
from core.studies.measured_runs import MeasuredRuns, Measuring, told_progress
from core.studies.memorized import Memorized, check_followed, memorized
from core.studies.previews import preview_channel
from core.studies.sample_pictures import SamplePictures
from core.training.compute import Compute
from core.training.confidence import Confidence, check_classes, confidence_of
from core.training.resident import ResidentData
from core.training.splits import data_of


class DataStudies:
    """The studies of data of one process."""

    def __init__(self, folder: DataFolder, store: Store, hub: Hub, loading: Loading, compute: Compute) -> None:
        self.generators = Generators(folder.path, hub, loading, compute)
        # Whoever loads first, a viewer of the untrained network sees how far it is.
        self.samples = SamplePictures(compute, lambda chosen: loading.load(chosen, preview_channel(chosen)))

        def load(experiment: Experiment, device: str | None) -> Future[ResidentData]:
            return loading.load(experiment, None, device)

        self.invariances = Invariances(MeasuredRuns(folder, store, load, compute))
        self.polynomials = Drawings(compute, polynomials)
        self.inputs: Drawings[InputsAsked] = Drawings(compute, lambda asked: inputs_kept(asked, folder.path))
        self._confidences: MeasuredRuns[Confidence] = MeasuredRuns(folder, store, load, compute)
        self._memorized: MeasuredRuns[Memorized] = MeasuredRuns(folder, store, load, compute, train=True)
        self.blocks = Blocks(folder, store, load, compute)

        def load_shown(chosen: Experiment) -> Future[ResidentData]:
            return loading.load(chosen, preview_channel(chosen))

        self._views: Kept[DataView] = Kept(compute, load_shown, no_view)
        self._folds: Kept[FoldsView] = Kept(compute, load_shown, no_folds)

    def view(self, experiment: Experiment, patience_s: float = 0.0) -> DataView | None:
        """How an experiment's data are split and spread; None when that is not known within `patience_s`."""
        # It shows what was chosen; a sealed fault is seen in what a run measures.
        experiment = experiment.model_copy(update={"sealed": ""})
        key = data_of(experiment)
        return self._views.get(key, experiment, lambda data: data_view(data, experiment), patience_s)

    def folds(self, experiment: Experiment, patience_s: float = 0.0) -> FoldsView | None:
        """Which samples validate with which of an experiment's folds; None when that is not known in time."""
        experiment = experiment.model_copy(update={"sealed": "", "fold": 1})
        return self._folds.get(data_of(experiment), experiment, lambda data: folds_view(data, experiment), patience_s)

    def confidence(self, record: RunRecord, owner: str) -> Measuring[Confidence]:
        """How sure a run's network is; BadInput for one that answers with numbers."""
        check_classes(Experiment.from_json(record.experiment))
        return self._confidences.get(record, None, told_progress(confidence_of), owner)

    def memorized(self, record: RunRecord, owner: str) -> Measuring[Memorized]:
        """What became of a run's training samples; BadInput for a run of which that cannot be said."""
        check_followed(Experiment.from_json(record.experiment))
        return self._memorized.get(record, None, told_progress(memorized), owner)
