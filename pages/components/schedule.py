"""The learning rate over the planned run of an experiment, before anything is trained."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.schedules.schedule import Schedule
from core.experiment import Experiment
from core.figures.curves import ScheduleCurve, schedule_figure
from core.language import translator
from core.training.epochs import Epochs
from core.training.plan import Plan
from core.training.splits import split_sizes
from pages.components.language import language, t
from pages.components.still import still

MOST_POINTS = 400


def schedule_curve(experiment: Experiment) -> ScheduleCurve:
    """Learning rates at up to 400 updates, the first and the last among them."""
    sizes = split_sizes(experiment)
    per_epoch = max(1, -(-sizes.num_train // experiment.batch_size))
    total = per_epoch * experiment.epochs
    updates = np.unique(np.linspace(0, total - 1, min(total, MOST_POINTS)).astype(np.int64))
    schedule = cast(Schedule, experiment.schedule)
    rate = cast(Optimizer, experiment.optimizer).learning_rate()
    lr = np.array([rate * schedule.factor(int(update), total, per_epoch) for update in updates])
    if schedule.watch() is None:
        return ScheduleCurve(updates, lr, per_epoch)
    every = Plan(experiment.epochs, experiment.evaluate_every, Epochs(per_epoch)).evaluate_every
    earliest = lr * [schedule.earliest(int(update) // every) for update in updates]
    return ScheduleCurve(updates, lr, per_epoch, earliest)


def schedule_picture(experiment: Experiment, key: str) -> None:
    """Draw it, and say what cannot be drawn."""
    curve = schedule_curve(experiment)
    still(
        schedule_figure(curve, translator(language())),
        key=key,
        alt=t("Learning rate over the epochs of the planned run"),
    )
    if curve.earliest is not None:
        st.caption(t("When the rate drops depends on the run: it lies between the two lines."))
