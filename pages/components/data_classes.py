"""Data, first part: how many samples each class has, what the splits are for, and which labels are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import streamlit as st

from core.catalog.datasets.dataset import DataSet
from core.experiment import Experiment
from core.figures.data import HEIGHT, count_figure, share_figure
from core.language import translator
from core.studies.data_view import DataView
from core.training.trend import uncertainty_of
from pages.components import compare_state, download, state
from pages.components.choices import data_choice, grouped, number
from pages.components.error_box import plain
from pages.components.language import language, prose, show, t
from pages.components.samples import PATIENCE_S, TILE, as_soon_as_drawn, image_row
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.test_sets import test_set_choice

FIELDS = ("sampling", "validation_fraction", "num_folds", "fold", "split_seed", "label_noise", "noisy_splits")


def choices() -> None:
    """The data set, how its samples are taken, and how many labels are wrong."""
    data_choice()
    for name in FIELDS:
        number(name, empty=t("none"))
    test_set_choice()


def when_known(draw: Callable[[DataView], None]) -> None:
    """Draw what is known of the chosen data as soon as it is; until then its place is kept free."""

    def drawn(view: DataView | None) -> None:
        if view is None:
            st.skeleton(height=HEIGHT)
        elif view.problem is not None:
            st.error(plain(show(view.problem)))
        else:
            draw(view)

    if download.is_to_be_asked():
        download.ask()
    else:
        as_soon_as_drawn(lambda: services().data_view(state.experiment(), patience_s=PATIENCE_S, actor=actor()), drawn)


def classes() -> None:
    """Numbers, figures, sentences, next actions."""
    when_known(drawn)


def drawn(view: DataView) -> None:
    """The view."""
    experiment = state.experiment()
    numbers(view)
    with st.container(horizontal=True, gap="medium"):
        for key, figure in (("counts", count_figure), ("shares", share_figure)):
            with st.container(width="stretch", key=f"data-{key}"):
                still(
                    figure(view.counts, translator(language())),
                    key=f"data {key}",
                    alt=t("Samples of each class: there for training, used for training, and for validation"),
                )
    st.markdown(prose(sampling_words(experiment, view)))
    wrong_labels(view)
    st.markdown(f"**{t('What is a validation set for?')}** " + validation_words(experiment, view))
    if st.session_state.get("present", False):
        return
    next_actions()
    with st.expander(t("Hashes of the splits")):
        st.caption(t("Two runs with equal hashes have learned from the same samples with the same labels."))
        st.code("\n".join(f"{name}: {digest}" for name, digest in view.hashes.items()), language=None)


def numbers(view: DataView) -> None:
    """How many samples each split has."""
    with st.container(horizontal=True, gap="medium", key="data-numbers"):
        st.metric(t("training"), grouped(view.num_train))
        st.metric(t("validation"), grouped(view.num_validation))
        st.metric(t("test, sealed"), grouped(view.num_test))
        if view.wrong.num_train or view.wrong.num_validation:
            st.metric(t("wrong labels"), grouped(view.wrong.num_train + view.wrong.num_validation))


def sampling_words(experiment: Experiment, view: DataView) -> str:
    """What the way of taking samples has done to the classes."""
    if cast(DataSet, experiment.dataset).task != "classification":
        return t("The targets are numbers: the bars count them in equal parts of their range.")
    available, used = int(view.counts.available.sum()), int(view.counts.used.sum())
    if experiment.sampling == "balanced":
        return t(
            "Balanced: every class has {num:,} samples, and {left:,} of {available:,} are thrown away. That makes "
            "classes equal, not samples more.",
            num=int(view.counts.used.max()),
            left=available - used,
            available=available,
        )
    if experiment.sampling == "random" and used < available:
        return t(
            "Random: the shares fall as they may. The smallest class has {least:,} of {used:,} samples; stratified, "
            "every class would keep its share.",
            least=int(view.counts.used.min()),
            used=used,
        )
    return t(
        "Stratified: training and validation hold every class in its share, so that a small set is a small picture of "
        "the whole: {used:,} of {available:,} samples are used.",
        used=used,
        available=available,
    )


def validation_words(experiment: Experiment, view: DataView) -> str:
    """What validation samples are for, and how much their number is worth."""
    words = t(
        "Training samples set the weights; what a network gets right on them it may have learned by heart. The "
        "{validation:,} validation samples are never trained on: they say how it does on new ones. Whoever chooses by "
        "them (a network, a rate, the moment to stop) uses them up a little, so {test:,} test samples stay sealed for "
        "one last number.",
        validation=view.num_validation,
        test=view.num_test,
    )
    if cast(DataSet, experiment.dataset).task != "classification":
        return f"{words} {t('Four times as many would halve the ± of their error, and are missing in training.')}"
    worth = t(
        "A validation error of 10 % is known to ± {points:.1f} points here; four times as many samples halve that, and "
        "are missing in training.",
        points=100 * uncertainty_of(0.1, view.num_validation, is_share=True),
    )
    return f"{words} {worth}"


def wrong_labels(view: DataView) -> None:
    """How many labels were replaced, and some images with theirs."""
    wrong = view.wrong
    if not (wrong.num_train or wrong.num_validation):
        return
    st.markdown(
        t(
            "{train:,} training labels and {validation:,} validation labels were replaced by other classes.",
            train=wrong.num_train,
            validation=wrong.num_validation,
        )
    )
    if len(wrong.images):
        pairs = ", ".join(f"{t(true)} → {t(given)}" for true, given in zip(wrong.true, wrong.given, strict=True))
        image_row(wrong.images, TILE, t("Training images with wrong labels: {pairs}", pairs=pairs))
        st.caption(plain(pairs))


def next_actions() -> None:
    """Train with these data, or see what their number is worth."""
    with st.container(horizontal=True, gap="small"):
        if st.button(t("Train with these data"), icon=":material/show_chart:"):
            st.switch_page("train.py")
        experiment = state.experiment()
        if not cast(DataSet, experiment.dataset).generated and st.button(
            t("Error against the number of samples"),
            icon=":material/stacked_line_chart:",
            help=t("Let training sets of several sizes race"),
        ):
            compare_state.set_base(experiment)
            compare_state.set_first("train_size")
            compare_state.show_study(None)
            st.switch_page("compare.py")
