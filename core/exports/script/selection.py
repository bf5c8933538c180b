"""Feature selections as code: `scores(inputs, targets)`, and which columns of `inputs` are left."""

from __future__ import annotations

import inspect
from typing import cast

from core.catalog.datasets.dataset import DataSet
from core.catalog.selections import l1
from core.catalog.selections.l1 import L1Weights
from core.catalog.selections.mutual_information import MutualInformation
from core.catalog.selections.variance import Variance
from core.experiment import Experiment
from core.exports.script.code import code


@code.register
def _(entry: Variance, experiment: Experiment) -> str:
    return """\
def scores(inputs, targets):
    \"\"\"How much each input varies.\"\"\"
    return inputs.var(axis=0)
"""


@code.register
def _(entry: MutualInformation, experiment: Experiment) -> str:
    task = experiment.dataset.task
    name = "mutual_info_classif" if task == "classification" else "mutual_info_regression"
    return f"""\
from functools import partial

from sklearn.feature_selection import {name}

scores = partial({name}, random_state=0)
"""


@code.register
def _(entry: L1Weights, experiment: Experiment) -> str:
    scores = entry.build(experiment.dataset.task)
    return f"""\
WEAKER = {l1.WEAKER}  # so many times weaker than the penalty at which every weight is zero


{inspect.getsource(scores)}

scores = {scores.__name__}
"""


def selection_code(experiment: Experiment) -> str:
    """Leaves those columns of `inputs` that are selected; nothing where all are."""
    dataset = cast(DataSet, experiment.dataset)
    selection, (num_kept, *_) = dataset.best_inputs, dataset.facts().input_shape
    if selection is None:
        return ""
    inside = selection.chosen_on == "training"
    rows = "train" if inside else "np.concatenate([train, validation])"
    honest = "by what the training samples say" if inside else "with the samples that validate, which is a mistake"
    return f"""\

# Feature selection: {num_kept} inputs are kept, chosen {honest}.
from sklearn.feature_selection import SelectKBest

{code(selection, experiment)}
rows = np.sort({rows})
selector = SelectKBest(scores, k={num_kept}).fit(inputs[rows].astype(np.float64), targets[rows].reshape(-1))
inputs = inputs.take(selector.get_support(indices=True), axis=1)
"""
