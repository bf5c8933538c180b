"""The narrator: what was said of a stored run and when, by which rules, and how often these are right."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.figures.generalization import Errors, Told, told_figure
from core.language import translator
from core.store.records import RunRecord
from core.training.evaluation import Evaluation
from core.training.narrator import RULES, Saying
from core.training.narrator_record import record_text
from pages.components.generalization_patience import EXAMPLE, any_run, errors_of, wait_for
from pages.components.language import language, show, t
from pages.components.services import actor, services
from pages.components.stored_choice import chosen_run, look_at, stored_choice


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
    run = chosen_run(any_run, EXAMPLE)
    if run is None:
        return
    if run.active:
        wait_for(run)
    evaluations = services().evaluations(run.id, actor=actor())
    if len(evaluations) < 2:
        st.info(t("Nothing was measured of this run after its first weights."))
        return
    look_at(run.id)
    _shown(run, evaluations)


def _shown(run: RunRecord, evaluations: list[Evaluation]) -> None:
    sayings = services().sayings(run.id, actor=actor())
    end = evaluations[-1].epoch
    st.plotly_chart(
        told_figure(
            Errors(**errors_of(evaluations)),
            [Told(RULES[one.kind].name, one.epoch, one.until or end) for one in sayings],
            run.colour_slot,
            translator(language()),
            dark=st.context.theme.type == "dark",
        ),
        key="told",
        config={"displayModeBar": False},
        alt=t("Errors of the run over its epochs, and below when the narrator said what"),
    )
    if sayings:
        st.dataframe(table(sayings), hide_index=True, width="stretch")
    else:
        st.markdown(t("Nothing stood out in this run."))
    with st.expander(t("The rules, and how often they are right")):
        for rule, record in ((rule, record_text(kind)) for kind, rule in RULES.items()):
            st.markdown(f"**{show(rule.name)}**  \n{show(rule.text)} {show(record)}")


def table(sayings: Sequence[Saying]) -> pd.DataFrame:
    """A row for each thing said."""
    return pd.DataFrame(
        [
            {
                t("said"): show(RULES[one.kind].name),
                t("from epoch"): f"{one.epoch:,.4g}",
                t("to epoch"): t("the end") if one.until is None else f"{one.until:,.4g}",
                t("with these numbers"): show(one.text),
            }
            for one in sayings
        ]
    )
