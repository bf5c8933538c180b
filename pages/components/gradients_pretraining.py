"""Layer by layer: hidden layers pre-trained one at a time, then the whole network, beside training end to end, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.catalog.regularizers.pretraining import Stages
from core.errors import CoreError
from core.language import translator
from core.store.records import RunRecord, StudyRecord
from core.studies.access import may
from core.studies.comparison import Comparison
from core.studies.error_words import PERCENT
from core.studies.gradients_asked import MOST_DEPTH, OBJECTIVES, Pretrained
from core.studies.lanes import stored_lanes
from core.studies.race_table import Spread, study_table
from core.studies.study import study_channel
from core.training.alarms import layer_text
from pages.components import gradients_state as chosen
from pages.components import watching
from pages.components.compare_chart import compare_chart
from pages.components.compare_facts import race_data, updates_of
from pages.components.compare_labels import compare_labels
from pages.components.error_box import error_box, plain
from pages.components.gradients_controls import (
    activation_name,
    activations,
    compare_door,
    draw_again,
    first_weights,
    logarithmic,
    picked,
    stepped,
    whole,
)
from pages.components.language import language, prose, show, t
from pages.components.parts import in_panes
from pages.components.services import actor, live_token, services

LIVE = "gradients pretraining live"
LOOK_AGAIN_S = 1.0
_REFUSED = "layer by layer that was refused"


def pretraining_tab() -> None:
    """The choices on the left; the stages and the race on the right, which a presentation shows alone."""
    asked: Pretrained = chosen.part("pretraining")
    _answer(asked, st.session_state.get(LIVE) or {})
    in_panes(lambda: _controls(asked), lambda: _seen(asked))


def _controls(asked: Pretrained) -> None:
    whole(t("depth"), "pretraining", "depth", 1, MOST_DEPTH, t("Number of hidden layers."))
    stepped(t("width"), "pretraining", "width", (8, 16, 32, 64, 128, 256), t("Number of units in each hidden layer."))
    picked(t("activation"), "pretraining", "activation", activations(), activation_name)
    first_weights("pretraining")
    left = chosen.part("left")
    network = {name: getattr(left, name) for name in ("depth", "width", "activation", "first_weights")}
    st.button(
        t("Take the left network"),
        key="pretraining left network",
        type="tertiary",
        icon=":material/content_copy:",
        help=t("Depth, width, activation and first weights of the tab “Before training”."),
        disabled=all(getattr(asked, name) == value for name, value in network.items()),
        on_click=lambda: chosen.put("pretraining", **network),
    )
    names = {"both": t("both"), "autoencoding": t("give back what it was given"), "supervised": t("tell the digit")}
    picked(t("each layer learns to"), "pretraining", "objective", list(OBJECTIVES), names.__getitem__)
    stepped(
        t("share of pre-training"),
        "pretraining",
        "share",
        (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        t("Of all updates, divided equally among the hidden layers."),
    )
    stepped(t("learning rate"), "pretraining", "lr", logarithmic(0.001, 1), t("Of SGD with momentum 0.9."))
    stepped(t("epochs"), "pretraining", "epochs", (5, 10, 20, 40, 80))
    whole(t("seeds"), "pretraining", "seeds", 1, 12, t("Pairs of runs; six name a winner between two, five of three."))
    draw_again("pretraining")


# -- what is shown ---------------------------------------------------------------------------------------------------


def _seen(asked: Pretrained) -> None:
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    present = st.session_state.get("present", False)
    comparison = asked.comparison(translator(language()))
    record = _stored(comparison)
    runs = services().runs_of(record.id, actor=actor()) if record else ()
    with st.container(key="layer-by-layer"):  # which is as high before they are fetched
        compare_chart(
            record.id if record else None,
            race_data(comparison),
            lanes=_lanes(comparison, runs),
            forks=[],
            token=live_token(),
            labels=compare_labels(t),
            key=LIVE,
            lang=language(),
            present=present,
            may=may(record, actor()) if record else "change",
            caption=t(
                "Each run takes {updates:,} gradients, one an update: end to end all of the whole network; "
                "pre-trained, at first of one hidden layer each. A gradient of one layer costs less and counts as one.",
                updates=updates_of(comparison.base),
            ),
            view={"quantity": "batch"},
            price=None if record else services().price(comparison, actor=actor()),
        )
    if record is not None and not present:
        going_on = services().is_comparing(record.id)
        st.fragment(_outcome, run_every=LOOK_AGAIN_S if going_on else None)(record, going_on)
    if not present:
        _stages(asked, comparison)


def _outcome(record: StudyRecord, went_on: bool) -> None:
    """Where each of them is after the same number of gradients, once all are over."""
    if services().is_comparing(record.id):
        return
    if went_on:
        st.rerun()
    runs = services().runs_of(record.id, actor=actor())
    rows = [row for row in study_table(services().store, record, runs).rows if row.last_error and row.steps]
    if not rows or len({(row.steps.low, row.steps.high) for row in rows if row.steps}) > 1:
        return  # Some were stopped before the others: these are not equally many gradients.
    ends = [_end(show(row.name), row.last_error) for row in rows if row.last_error]
    steps = int(rows[0].steps.high) if rows[0].steps else 0
    st.markdown(plain(t("After the same {updates:,} gradients: {ends}.", updates=steps, ends=", ".join(ends))))


def _end(name: str, error: Spread) -> str:
    middle, spread = PERCENT.one(error.middle), PERCENT.range(error.low, error.high)
    if spread == middle:
        return t("{name} {error} wrong", name=name, error=middle)
    return t("{name} {error} wrong ({range})", name=name, error=middle, range=spread)


def _stages(asked: Pretrained, comparison: Comparison) -> None:
    """Which layer learns from which update on, and the way to Compare."""
    num_updates = updates_of(comparison.base)
    begins = Stages("supervised", asked.share).begins(num_updates, asked.depth)
    names = [*(show(layer_text(f"hidden.{number}")) for number in range(1, asked.depth + 1)), t("the whole network")]
    ends = [*begins[1:], num_updates]
    with st.expander(t("Which layer learns when")):
        st.table(
            pd.DataFrame(
                {
                    t("learns"): names,
                    t("updates"): [f"{first + 1}–{last}" for first, last in zip(begins, ends, strict=True)],
                }
            ).set_index(t("learns"))
        )
        st.caption(
            prose(
                "A layer that is pre-trained takes what the finished layers below it give, as in an evaluation, and "
                "has a linear layer of its own on top, which is thrown away after it. Layers above it stand still. "
                "Giving back what it was given is measured around the means and in units of the spread: a loss of 1 is "
                "guessing the means."
            )
        )
    compare_door(t("Open in Compare"), "pretraining", lambda: comparison)


def _stored(comparison: Comparison) -> StudyRecord | None:
    """The newest comparison of one's own that trains the same, whatever its variants are called."""
    wanted, who = _mark(comparison.to_json()), actor()
    own = (record for record in reversed(services().studies(actor=who)) if record.owner == who)
    return next((record for record in own if _mark(record.document) == wanted), None)


def _mark(document: Mapping[str, Any]) -> list[Any]:
    """What a comparison trains, of its document."""
    return [document["base"], document["rates"], document["seeds"], [one["changes"] for one in document["variants"]]]


def _lanes(comparison: Comparison, runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    lanes = stored_lanes(comparison, runs)
    return [{"run": run.id, "variant": lane.variant, "seed": lane.seed} for run, lane in lanes]


def _answer(asked: Pretrained, fired: Mapping[str, Any]) -> None:
    """Start what was asked for, before the page is drawn."""
    pressed = fired.get("start") or fired.get("again")
    if not pressed:
        return
    one_update = bool(pressed.get("one_update"))
    try:
        comparison = asked.comparison(translator(language()))
        study = services().start_comparison(comparison, actor=actor(), pace=pressed["pace"], paused=one_update)
        if one_update:
            services().command_comparison(study, "step", actor=actor())
        if pressed.get("target") is not None:
            services().command_comparison(study, "target", {"target": pressed["target"]}, actor=actor())
        watching.begin(study_channel(study))
    except CoreError as error:
        st.session_state[_REFUSED] = error
