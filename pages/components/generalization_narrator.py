"""The narrator: what was said of a stored run and when, by which rules, and how often these are right."""

from __future__ import annotations

import streamlit as st

from core.figures.generalization import Errors, Told, told_figure
from core.language import translator
from core.store.records import RunRecord
from core.text import Text
from core.training.epochs import epoch_text
from core.training.evaluation import Evaluation
from core.training.narrator import RULES, Saying
from core.training.narrator_record import record_text
from pages.components.generalization_patience import any_run, errors_of, measured_run
from pages.components.language import language, show, t
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.stored_choice import stored_choice


def choices() -> None:
    """The run, and what the narrator is."""
    stored_choice(any_run)
    st.caption(
        t(
            "The narrator reads errors and losses after each epoch, as you can. It says something when a rule has held "
            "for three epochs running, and takes it back when the rule has not held for three."
        )
    )


def narrator() -> None:
    """The errors of the run, what was said of it, and the rules."""
    found = measured_run()
    if found is not None:
        _shown(*found)


def _shown(run: RunRecord, evaluations: list[Evaluation]) -> None:
    sayings = services().sayings(run.id, actor=actor())
    end = evaluations[-1].epoch
    still(
        told_figure(
            Errors(**errors_of(evaluations)),
            [Told(RULES[one.kind].name, one.epoch, one.until or end) for one in sayings],
            run.colour_slot,
            translator(language()),
            dark=st.context.theme.type == "dark",
        ),
        key="told",
        alt=t("Errors of the run over its epochs, and below when the narrator said what"),
    )
    for one in sayings:
        said = show(Text("At epoch {epoch}: {said}", epoch=epoch_text(one.epoch), said=one.text))
        st.markdown(f"**{show(when(one))}**  \n{said}")
    if not sayings:
        st.markdown(t("Nothing stood out in this run."))
    with st.expander(t("The rules, and how often they are right")):
        for kind, rule in RULES.items():
            st.markdown(f"**{show(rule.name)}**  \n{show(rule.text)} {show(record_text(kind))}")


def when(saying: Saying) -> Text:
    """What was said, and from when to when."""
    values = {"name": RULES[saying.kind].name, "epoch": epoch_text(saying.epoch)}
    if saying.until is None:
        return Text("{name}: from epoch {epoch} to the end", **values)
    return Text("{name}: from epoch {epoch} to {until}", **values, until=epoch_text(saying.until))
