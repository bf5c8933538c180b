"""What is learned from: an image of every class, and samples before and after augmentation.

They are drawn in the compute thread; the place is kept free and looked at again until they are there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import streamlit as st

from core.catalog.augmentations.effective import num_different
from core.catalog.augmentations.synthetic import LearnedAugmentation
from core.catalog.datasets.dataset import DataSet
from core.experiment import Experiment
from core.figures.augmented import HEIGHT, AugmentedPoints, AugmentedSignal, points_figure, signal_figure
from core.language import translator
from core.text import Text
from core.training.splits import split_sizes
from pages.components import download, state
from pages.components.language import language, show, t
from pages.components.services import actor, services
from pages.components.still import still

if TYPE_CHECKING:
    from core.studies.sample_pictures import SamplePicture

T = TypeVar("T")

PATIENCE_S = 0.03
"""The page waits so long for a picture, which is enough when the data are in memory and nothing trains."""
LOOK_AGAIN_S = 0.5
LOOKS_AFTERWARDS = 4
"""The timer goes on for so many looks: a browser that is behind loses the values of controls that two runs of the page
set within the time it needs to draw one."""
THUMBNAIL, TILE, GAP = 28, 36, 4
"""Sides of an image of the strip and of one before or after augmentation, and the space between, in CSS pixels."""
SHARPNESS = 2
"""Pixels of a picture file for a CSS pixel, at least: the edges of small images stay sharp on any screen."""
PER_DRAW = 2
"""Augmented versions that are shown at once."""
_DRAWS = "draws of the augmentation"


def as_soon_as_drawn(ask: Callable[[], T | None], draw: Callable[[T | None], None]) -> None:
    """A part of the page that draws None, which keeps its place free, until what it asks for is there."""
    answers = [ask()]
    waiting = answers[0] is None
    num_looks_left = LOOKS_AFTERWARDS

    def part() -> None:
        nonlocal num_looks_left
        picture = answers.pop() if answers else ask()
        if picture is None and not waiting:
            st.rerun()  # Only a run of the whole page starts or ends the timer.
        if waiting and picture is not None:
            num_looks_left -= 1
            if num_looks_left == 0:
                st.rerun()
        draw(picture)

    st.fragment(part, run_every=LOOK_AGAIN_S if waiting else None)()


def _dataset() -> DataSet:
    return cast(DataSet, state.experiment().dataset)


# -- the data set -----------------------------------------------------------------------------------------------------


def one_a_class() -> None:
    """A training image of every class, with their names where these are words; nothing for data that are no images."""
    if _dataset().input_kind == "image" and not download.is_to_be_asked():
        as_soon_as_drawn(
            lambda: services().sample_picture(state.experiment(), patience_s=PATIENCE_S, actor=actor()), strip
        )
        names = _dataset().facts().class_names
        if any(len(name) > 2 for name in names):
            st.caption(", ".join(t(name) for name in names))
        if wrong := state.experiment().label_noise:
            st.caption(t("One of each class by the labels, of which {share:.3g} % are wrong.", share=100 * wrong))


def strip(picture: SamplePicture | None) -> None:
    """The images side by side."""
    if picture is None:
        st.skeleton(height=THUMBNAIL)
        return
    if not len(picture.originals):
        return  # Why they could not be had is said in the live part.
    names = ", ".join(t(label) for label in picture.labels)
    image_row(picture.originals, THUMBNAIL, t("Training images, one of each class: {names}", names=names))


def image_row(images: np.ndarray, side: int, alt: str) -> None:
    """Images (n, H, W) or (n, H, W, 3) side by side as one picture, each `side` CSS pixels wide."""
    num = len(images)
    # Streamlit would blur a picture that is given a width to that width.
    with st.container(width=num * side + (num - 1) * GAP):
        st.image(in_a_row(images, side), width="stretch", output_format="PNG", alt=alt)


def in_a_row(images: np.ndarray, side: int) -> np.ndarray:
    """One picture (h, w, 4), every pixel of the uint8 `images` a square, with see-through gaps between the images."""
    num, height, width = images.shape[:3]
    times = -(-SHARPNESS * side // width)
    gap = round(GAP * times * width / side)
    row = np.zeros((times * height, num * (times * width + gap) - gap, 4), np.uint8)
    colours = images if images.ndim == 4 else images[..., None]
    for place, image in enumerate(colours.repeat(times, axis=1).repeat(times, axis=2)):
        left = place * (times * width + gap)
        row[:, left : left + times * width, :3] = image
        row[:, left : left + times * width, 3] = 255
    return row


# -- before and after -------------------------------------------------------------------------------------------------


def before_and_after() -> None:
    """A few samples as they are and as two updates see them, and how many different ones a run sees."""
    experiment = state.experiment()
    if experiment.augmentations and not download.is_to_be_asked():
        if not all(isinstance(entry, LearnedAugmentation) for entry in experiment.augmentations):
            as_soon_as_drawn(partial(ask_augmented, experiment), augmented)
        without_synthetic(experiment)
        st.caption(how_many(experiment))


def without_synthetic(experiment: Experiment) -> None:
    """Say where samples are seen that a generator has to learn first, which these pictures do not show."""
    if any(isinstance(entry, LearnedAugmentation) for entry in experiment.augmentations):
        st.caption(t("Synthetic samples are not drawn here: they are shown on the page Data, under “Generated data”."))


def ask_augmented(experiment: Experiment) -> SamplePicture | None:
    """The samples with the versions to show, if they are drawn."""
    return services().sample_picture(experiment, update_shown(), patience_s=PATIENCE_S, actor=actor())


def update_shown() -> int:
    """The first update, counted from 0, whose samples are shown."""
    return PER_DRAW * st.session_state.get(_DRAWS, 0)


def draw_again() -> None:
    """Show what the next updates see."""
    st.session_state[_DRAWS] = st.session_state.get(_DRAWS, 0) + 1


def augmented(picture: SamplePicture | None) -> None:
    """The samples, two versions of them below or over them, and a button for the next two."""
    if picture is not None and not len(picture.originals):
        return
    with st.container(key="before-and-after", gap="xxsmall"):
        if picture is None:
            st.skeleton(height=3 * TILE + 2 * GAP if _dataset().input_kind == "image" else HEIGHT)
        elif picture.form == "images":
            image_rows(picture)
        else:
            figure_of(picture)
        st.button(
            t("Draw again"),
            key="draw augmented samples again",
            type="tertiary",
            icon=":material/casino:",
            help=t("The same samples as the next two updates would see them"),
            on_click=draw_again,
        )


def versions_shown(picture: SamplePicture) -> tuple[np.ndarray, list[Text]]:
    """The versions to show (2, n, …), and the updates that see them."""
    start = update_shown() - picture.update
    names = [Text("update {number}", number=update_shown() + place + 1) for place in range(PER_DRAW)]
    return picture.versions[start : start + PER_DRAW], names


def image_rows(picture: SamplePicture) -> None:
    """Rows of images, the original ones on top."""
    versions, names = versions_shown(picture)
    classes = ", ".join(t(label) for label in picture.labels)
    for name, images in zip([Text("original"), *names], [picture.originals, *versions], strict=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.caption(show(name), width=64)
            image_row(images, TILE, t("{row}: {names}", row=show(name), names=classes))


def figure_of(picture: SamplePicture) -> None:
    """Points or lines, the versions over the originals."""
    versions, names = versions_shown(picture)
    if picture.form == "points":
        x, y = (Text(axis) for axis in picture.axes)
        figure = points_figure(AugmentedPoints(picture.originals, versions, names, (x, y)), translator(language()))
    else:
        axis = Text("place in the sequence") if _dataset().input_kind == "sequence" else Text("number of the input")
        record = AugmentedSignal(picture.originals[0], versions[:, 0], names, (axis, Text("value")))
        figure = signal_figure(record, translator(language()))
    still(
        figure,
        key="augmented samples",
        alt=t("Training samples, and the same samples as two updates see them"),
    )


def how_many(experiment: Experiment) -> str:
    """One sentence: how many different samples the planned updates see."""
    sizes = split_sizes(experiment)
    num, size = sizes.num_train, experiment.batch_size
    # As the feed does: a remainder of one sample joins the batch before it.
    per_epoch = max(1, -(-num // size) - (size > 1 and num > size and num % size == 1))
    different = num_different(experiment.augmentations, num, experiment.epochs)
    return t(
        "The same sample is drawn anew at every update: {updates:,} updates see about {different:,} different samples, "
        "made from {num:,}.",
        updates=per_epoch * experiment.epochs,
        different=int(float(f"{different:.3g}")),
        num=num,
    )
