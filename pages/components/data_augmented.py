"""Data, third part: images beside a moving strip of what augmentation makes of them, and what that is worth."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import streamlit as st

from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.augmentations.effective import num_different
from core.catalog.augmentations.strengths import STRENGTHS
from core.catalog.augmentations.survival import doubts
from core.catalog.datasets.dataset import DataSet
from core.catalog.registry import parse
from core.experiment import Experiment
from core.figures.data import different_figure
from core.language import translator
from core.studies.sample_pictures import SamplePicture
from core.training.splits import split_sizes
from pages.components import download, state
from pages.components.choices import augmentation_choice, data_choice
from pages.components.error_box import plain
from pages.components.language import language, show, t
from pages.components.samples import (
    as_soon_as_drawn,
    ask_augmented,
    augmented,
    how_many,
    image_row,
    without_synthetic,
)
from pages.components.still import still

CSS = Path(__file__).parents[2] / "assets" / "data.css"
SIDE, LARGE_SIDE = 48, 64
"""Side of an image, in CSS pixels, and in presentation mode."""


def choices() -> None:
    """The data set, and every augmentation with all its parameters."""
    data_choice()
    augmentation_choice(opened=True)


def augmentation() -> None:
    """The strips, doubts about labels, and how many different samples there are."""
    if download.is_to_be_asked():
        download.ask()
        return
    experiment = state.experiment()
    with st.container(key="doubts", gap="small"):
        for doubt in doubts(cast(DataSet, experiment.dataset), experiment.augmentations):
            st.warning(plain(show(doubt)), icon=":material/label_off:")
        if any(cast(Augmentation, entry).changes_targets for entry in experiment.augmentations):
            st.caption(
                t(
                    "Labels are mixed as samples are: a target has as much of another class as its sample has of the "
                    "other one."
                )
            )
        if not experiment.augmentations:
            experiment = example(experiment)
    with st.container(horizontal=True, gap="medium", key="augmented"):
        with st.container(key="strips", width="stretch"):
            as_soon_as_drawn(partial(ask_augmented, experiment), drawn)
            without_synthetic(experiment)
        with st.container(key="how-many", width="stretch"):
            effective(experiment)


def example(experiment: Experiment) -> Experiment:
    """The experiment with light augmentation; says that it is not the chosen one, and lets it be."""
    light = STRENGTHS[cast(DataSet, experiment.dataset).input_kind]["light"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.info(
            t(
                "No augmentation is chosen: every update sees the samples as they are. Below is what “light” would "
                "make of them."
            ),
            width="stretch",
        )
        if not st.session_state.get("present"):
            st.button(t("Take “light”"), key="take light", on_click=state.put, args=("augmentations", light))
    entries = tuple(cast(Augmentation, parse("augmentations", entry)) for entry in light)
    return experiment.model_copy(update={"augmentations": entries})


def drawn(picture: SamplePicture | None) -> None:
    """Images with their strips; points and signals with two versions of theirs."""
    if picture is not None and picture.form != "images":
        augmented(picture)
        return
    if picture is None:
        st.skeleton(height=6 * SIDE)
        return
    st.html(CSS)
    side = LARGE_SIDE if st.session_state.get("present") else SIDE
    for place, label in enumerate(picture.labels):
        name = t(label)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            image_row(picture.originals[place : place + 1], side, t("original: {name}", name=name))
            with st.container(key=f"strip-{place}"):
                # Once more behind itself, so that the strip runs on without a jump.
                versions = picture.versions[:, place]
                alt = t("{name}, as {count} updates see it", name=name, count=len(versions))
                image_row(np.concatenate([versions, versions]), side, alt)
    st.caption(t("Left the originals, right the same images as the updates of a run see them, one after the other."))


def effective(experiment: Experiment) -> None:
    """How many different samples training sees, as a sentence and a curve."""
    st.markdown(f"**{t('How many samples is that?')}** {how_many(experiment)}")
    num = split_sizes(experiment).num_train
    epochs = sorted({round(1 + place * (experiment.epochs - 1) / 40) for place in range(41)})
    still(
        different_figure(
            epochs,
            [num for _ in epochs],
            [num_different(experiment.augmentations, num, count) for count in epochs],
            translator(language()),
        ),
        key="different samples",
        alt=t("Different samples seen after so many epochs, with and without augmentation"),
    )
    st.caption(
        t(
            "They are relatives of {num:,} samples, not new ones: augmentation teaches what does not matter, and says "
            "nothing of cases that no sample shows.",
            num=num,
        )
    )
