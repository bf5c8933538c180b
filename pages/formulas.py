"""Formulas: every entry of the catalogue with formula, why, how to choose, source, parameters, picture and a run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import streamlit as st

from core.catalog.activations import Activation
from core.catalog.entry import Entry, Parameter
from core.catalog.faults import Fault, sealed
from core.catalog.presets import presets
from core.catalog.registry import FAMILIES, entries
from core.catalog.schedules.schedule import Schedule
from core.catalog.surfaces import Surface
from core.experiment import LIST_FAMILIES, PART_FAMILIES, Experiment
from core.figures.curves import ActivationCurve, activation_figure
from core.landscape.practice import Practice, usual_optimizers
from core.language import translator
from core.set_path import set_path
from pages.components import state, surface_state
from pages.components.explain import entry_text
from pages.components.language import language, prose, show, t
from pages.components.param_form import shape_of, shown_list
from pages.components.schedule import schedule_picture
from pages.components.still import still

NESTED_PATHS = {"activations": "architecture.activation"}


def family_names() -> dict[str, str]:
    """The families in reading order, by the names people use."""
    return {
        "datasets": t("Data sets"),
        "selections": t("Feature selections"),
        "augmentations": t("Augmentations"),
        "architectures": t("Networks"),
        "activations": t("Activations"),
        "initializers": t("First weights"),
        "regularizers": t("Regularizers"),
        "losses": t("Losses"),
        "optimizers": t("Optimizers"),
        "schedules": t("Schedules"),
        "surfaces": t("Practice surfaces"),
        "faults": t("Faults"),
    }


def showing(cls: type[Entry]) -> Experiment:
    """The experiment that shows an entry: its preset, else the default experiment with the entry in it.

    That of a fault has it sealed in.
    """
    if issubclass(cls, Fault):
        return Experiment.from_json({**(cls.example or {"preset": cls.see}), "sealed": sealed(cls.key)})
    if cls.see in presets():
        return Experiment.from_json({"preset": cls.see})
    paths = {family: part for part, family in {**PART_FAMILIES, **LIST_FAMILIES}.items()} | NESTED_PATHS
    document, _ = set_path(Experiment().to_json(), paths[cls.family], cls.key)
    return Experiment.from_json(document)


def run_it(cls: type[Entry]) -> None:
    """Take the entry's experiment to the Train page and start it there."""
    state.choose(showing(cls))
    state.start_on_arrival()


def race_on(cls: type[Surface]) -> None:
    """Take a surface to the Landscapes page, with the usual optimizers."""
    surface_state.take(Practice.from_json({"surface": cls.key, "optimizers": usual_optimizers(), "steps": 50}))


def all_parameters(cls: type[Entry], before: str = "") -> Iterator[tuple[str, Parameter]]:
    """An entry's parameters with their names; those of a list's items follow the list."""
    for parameter in cls.parameters():
        name = before + t(parameter.title)
        yield name, parameter
        record = shape_of(parameter.annotation).record
        if record is not None:
            yield from all_parameters(record, f"{name} › ")


def default_of(parameter: Parameter) -> str:
    """A parameter's default as a person would read it."""
    default = parameter.default
    if isinstance(default, Entry):
        return t(default.title)
    if isinstance(default, tuple) and default and isinstance(default[0], Entry):
        return str(len(default))
    return shown_list(default) or t("by itself")


def range_of(parameter: Parameter) -> str:
    """The values a parameter can have, as words."""
    shape = shape_of(parameter.annotation)
    if shape.family:
        return t("any of: {family}", family=family_names()[shape.family])
    if shape.items is not None:
        return t("a list")
    legal = show(parameter.range_text)
    if parameter.usual:
        return t(
            "usual {low:g} to {high:g}; legal {legal}", low=parameter.usual.low, high=parameter.usual.high, legal=legal
        )
    return legal


def parameter_table(cls: type[Entry]) -> None:
    """Name and default, usual and legal range, and meaning of an entry's parameters."""
    names, ranges, meanings = [], [], []
    for name, parameter in all_parameters(cls):
        names.append(t("{name} = {default}", name=name, default=default_of(parameter)))
        ranges.append(range_of(parameter))
        meanings.append(t(parameter.help))
    st.table(
        {t("parameter and default"): names, t("range"): ranges, t("meaning"): meanings},
        border="horizontal",
        hide_index=True,
    )


def entry_card(cls: type[Entry]) -> None:
    """Everything about one entry."""
    with st.container(border=True, key=f"entry-{cls.family}-{cls.key}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(t(cls.title), anchor=cls.key.replace("_", "-"), width="stretch")
            is_surface, is_fault = issubclass(cls, Surface), issubclass(cls, Fault)
            if st.button(
                t("Race on it") if is_surface else t("Run it"),
                key=f"run {cls.family} {cls.key}",
                on_click=race_on if is_surface else run_it,
                args=(cls,),
                icon=":material/play_arrow:",
            ):
                st.switch_page("landscapes.py" if is_surface else "train.py")
        entry_text(cls)
        if cls.see in presets() and not is_fault:
            preset = presets()[cls.see]
            st.caption(t("To see it: {title}. {caption}", title=t(preset.title), caption=show(preset.text)))
        if issubclass(cls, Activation):
            x = np.linspace(-4, 4, 321)
            value, slope = cls().curve(x)
            figure = activation_figure(ActivationCurve(x, value, slope), translator(language()))
            still(
                figure,
                key=f"curve {cls.key}",
                alt=t("{name} and its slope between −4 and 4", name=t(cls.title)),
            )
        if issubclass(cls, Schedule):
            schedule_picture(showing(cls), key=f"schedule {cls.key}")
        if cls.model_fields:
            parameter_table(cls)
        names = ", ".join([cls.key, *cls.synonyms])
        in_files = t("In links and files: {names}", names=f"`{names}`")
        st.caption(t("To seal it: {command}", command=f"`python -m core seal {names}`") if is_fault else in_files)


def matches(cls: type[Entry], words: str) -> bool:
    """Whether an entry's texts contain every word, in English or in the reader's language."""
    texts = (cls.title, cls.why, cls.choose, cls.source)
    text = " ".join([cls.key, *cls.synonyms, *texts, *(t(text) for text in texts)]).lower()
    return all(word in text for word in words.lower().split())


st.title(t("Formulas"))
st.markdown(
    prose("Everything you can choose: what it computes, why it helps, how to choose it, and where it comes from.")
)
names = family_names()
asked = st.query_params.get("family", "")
key = f"family|{language()}"
if key not in st.session_state:
    st.session_state[key] = state.view("family", asked if asked in FAMILIES else "optimizers")
chosen = st.pills(
    t("Family"), list(names), key=key, required=True, format_func=names.__getitem__, label_visibility="collapsed"
)
family = chosen or "optimizers"
words = st.text_input(
    t("Search in all families"),
    key="search formulas",
    placeholder=t("Search in all families: momentum, Kingma, slope ..."),
    label_visibility="collapsed",
    icon=":material/search:",
)
state.set_view("family", family)
shown = [
    cls for name in (names if words else [family]) for cls in entries(name).values() if not words or matches(cls, words)
]
if not shown:
    st.info(t("Nothing in the catalogue contains all of these words. Try one of them, or clear the search."))
for cls in shown:
    entry_card(cls)
