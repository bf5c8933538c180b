"""Folds: samples in parts of equal size, each of which validates once, while the others train.

They are scikit-learn's: of classes `StratifiedKFold`, of numbers `KFold`, both shuffled; and `LeaveOneOut` where there
are as many folds as samples.
"""

from __future__ import annotations

import numpy as np

from core.errors import BadInput
from core.text import Text

MOST_LEFT_OUT = 100
"""Of more samples not each is left out once: that would be as many runs."""


def fold_numbers(strata: np.ndarray, num_folds: int, *, random_state: int) -> np.ndarray:
    """With which fold, from 1, each sample validates. strata: classes (N,), or (N,) of one value without any."""
    from sklearn.model_selection import KFold, LeaveOneOut, StratifiedKFold

    if num_folds == len(strata):
        splitter = LeaveOneOut()
    else:
        kind = StratifiedKFold if len(np.unique(strata)) > 1 else KFold
        splitter = kind(num_folds, shuffle=True, random_state=random_state)
    numbers = np.empty(len(strata), np.int64)
    for number, (_, validation) in enumerate(splitter.split(strata, strata), start=1):
        numbers[validation] = number
    return numbers


def fold_size(num_samples: int, num_folds: int, fold: int) -> int:
    """How many samples validate: the same in every fold, or one more in the first ones."""
    return num_samples // num_folds + (fold <= num_samples % num_folds)


def check_folds(num_folds: int, fold: int, num_samples: int, smallest_class: int, title: Text) -> None:
    """BadInput where so many samples, so many of them of the rarest class (0: no classes), have no such fold."""
    most = smallest_class or num_samples // 2
    leaves_one_out = num_folds == num_samples <= MOST_LEFT_OUT
    if num_folds > most and not leaves_one_out:
        raise BadInput(
            Text("{folds} folds of {title} are not possible.", folds=num_folds, title=title),
            Text("Every fold needs a sample of every class; the rarest has {num}.", num=smallest_class)
            if smallest_class
            else Text("Every fold needs at least two samples; there are {num}.", num=num_samples),
            Text("Use 2 to {most} folds; 5 or 10 are usual.", most=most)
            if num_samples > MOST_LEFT_OUT
            else Text("Use 2 to {most} folds, or {all} to leave one sample out.", most=most, all=num_samples),
        )
    if fold > num_folds:
        raise BadInput(
            Text("There is no fold {fold}.", fold=fold),
            Text("The samples are divided into {folds} folds.", folds=num_folds),
            Text("Use a fold from 1 to {folds}.", folds=num_folds),
        )
