"""Data, sixth part: a generator that learns the training split, what it draws, and how that comes into training."""

from __future__ import annotations

import streamlit as st

from core.catalog.augmentations.synthetic import LearnedAugmentation, Synthetic
from core.catalog.entry import Entry
from core.errors import CoreError
from core.experiment import Experiment
from core.studies.comparison import Comparison
from pages.components import compare_state, download, state
from pages.components.choices import data_choice
from pages.components.error_box import error_box
from pages.components.generators_chart import generators_chart
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.services import actor, live_token, services

CHART = "generator chart"
SHARES = {0.0: "1 : 0", 0.25: "3 : 1", 0.5: "1 : 1", 0.75: "1 : 3"}
"""Synthetic shares that race, as real : synthetic."""
_RECIPE, _COUNT, _REFUSED = "recipe of the generator", "how often a generator was begun", "generator that was refused"


def recipe() -> Synthetic:
    """The generator that is looked at: that of the experiment at first, then as it was set here."""
    chosen = st.session_state.get(_RECIPE)
    mixed = (entry for entry in state.experiment().augmentations if isinstance(entry, Synthetic))
    return chosen or next(mixed, Synthetic())


def set_recipe(name: str, key: str) -> None:
    """Look at a generator that is trained otherwise."""
    st.session_state[_RECIPE] = recipe().model_copy(update={name: st.session_state[key]})


def choices() -> None:
    """The data set, and how the generator is trained."""
    data_choice()
    st.markdown(f"**{t('GENERATOR')}**")
    for parameter in Synthetic.parameters():
        if parameter.name in ("updates", "seed"):
            key = f"generator {parameter.name}|{language()}"
            st.number_input(
                t(parameter.title),
                min_value=int(parameter.low or 0),
                max_value=int(parameter.high or 0) - (not parameter.high_is_legal),
                value=keep(key, getattr(recipe(), parameter.name)),
                step=1 if parameter.name == "seed" else 100,
                key=key,
                help=t(parameter.help),
                on_change=set_recipe,
                args=(parameter.name, key),
            )
    st.caption(t("It learns from the training split alone: neither validation nor test images are ever shown to it."))


def generated() -> None:
    """The generator, and what can be done with its samples."""
    if download.is_to_be_asked():
        download.ask()
        return
    experiment, entry = state.experiment(), recipe()
    answer(st.session_state.get(CHART) or {}, experiment, entry)
    with st.container(key="refused-generator"):
        if _REFUSED in st.session_state:
            error_box(st.session_state.pop(_REFUSED))
    try:
        channel = services().generator(experiment, entry, actor=actor())
    except CoreError as error:
        error_box(error)
        return
    present = st.session_state.get("present", False)
    with st.container(key="generator-pictures"):
        generators_chart(channel, count=st.session_state.get(_COUNT, 0), token=live_token(), key=CHART, present=present)
    if not present:
        next_actions(experiment, entry)


def answer(fired: dict[str, object], experiment: Experiment, entry: LearnedAugmentation) -> None:
    """Do what was pressed in the picture, before it is drawn."""
    if fired.get("leave") is not None:
        st.session_state["present"] = False
        st.rerun()
    if fired.get("begin") is None:
        return
    try:
        services().train_generator(experiment, entry, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
    else:
        st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1


def next_actions(experiment: Experiment, entry: Synthetic) -> None:
    """Train with its samples, or let several shares of them race."""
    with st.container(horizontal=True, gap="small"):
        if st.button(
            t("Mix these samples into training"),
            icon=":material/show_chart:",
            help=t("Half of each batch is synthetic then: real : synthetic = 1 : 1"),
        ):
            state.put("augmentations", [item.model_dump(mode="json") for item in mixed(experiment, entry)])
            st.switch_page("train.py")
        if st.button(
            t("Race real : synthetic"),
            icon=":material/stacked_line_chart:",
            help=t("Opens Compare with shares of 0, 25, 50 and 75 %, not yet started."),
        ):
            compare_state.take(race(experiment, entry))
            compare_state.show_study(None)
            st.switch_page("compare.py")


def mixed(experiment: Experiment, entry: Synthetic) -> tuple[Entry, ...]:
    """The experiment's augmentations, with these samples first, before others could mix classes."""
    others = [item for item in experiment.augmentations if not isinstance(item, Synthetic)]
    return (entry, *others)


def race(experiment: Experiment, entry: Synthetic) -> Comparison:
    """The same experiment with several shares of synthetic samples, with the same learning rate."""
    variants = []
    for share, ratio in SHARES.items():
        items = mixed(experiment, entry.model_copy(update={"share": share}))
        changes = {"augmentations": [item.model_dump(mode="json") for item in items]}
        name = t("real : synthetic {ratio}", ratio=ratio)
        variants.append({"name": name, "changes": changes})
    return Comparison.from_json({"base": experiment, "variants": variants, "rates": "same"})
