"""Building blocks: what convolution, pooling, activation, normalization, dropout and attention do, in numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.describe import title
from core.errors import CoreError
from core.experiment import Experiment
from core.studies.blocks_asked import Samples
from core.studies.report import ending_numbers
from pages.components import blocks_state as chosen
from pages.components import lesson_state
from pages.components.blocks_parts import activation, dropout, normalization
from pages.components.blocks_pictures import attention, maps, one_unit, pooling
from pages.components.blocks_unit import left
from pages.components.error_box import notes_box, plain
from pages.components.landscape_tabs import told_apart
from pages.components.language import show, t
from pages.components.parts import Draw, in_panes
from pages.components.samples import image_row
from pages.components.services import actor, services
from pages.components.stored_choice import MOST_OFFERED

if TYPE_CHECKING:
    from core.store.records import RunRecord
    from core.studies.blocks import SamplesLook

THUMBNAIL = 26


def offered() -> list[RunRecord]:
    """Runs on images that are over, newest first; the one looked at is among them."""
    runs = reversed(services().runs(actor=actor()))
    found = [run for run in runs if run.step and not run.active and chosen.has_blocks(run)]
    return [run for place, run in enumerate(found) if place < MOST_OFFERED or run.id == chosen.get("run")]


def run_words(run: RunRecord) -> str:
    """What a stored run is, and how well it did."""
    words = show(title(Experiment.from_json(dict(run.experiment))))
    error = ending_numbers(services().store, run).get("validation_error")
    return words if error is None else t("{title}: {percent:.1f} % wrong", title=words, percent=100 * error)


def shipped_words() -> str:
    """What the run that comes with the program is, and how well it does."""
    from core.studies.blocks_shipped import shipped

    run = shipped()
    return t(
        "{title}: {percent:.1f} % of {num:,} wrong",
        title=show(title(run.experiment)),
        percent=100 * run.wrong / run.num,
        num=run.num,
    )


def network() -> None:
    """The run that is looked into."""
    runs = offered()
    ids = ["", *(run.id for run in runs)]
    run = chosen.among("run", ids)
    chosen.put("run", run)
    names = {"": t("shipped with this program"), **told_apart(runs)}
    st.markdown(f"**{t('NETWORK')}**")
    st.selectbox(
        t("NETWORK"), format_func=names.__getitem__, label_visibility="collapsed", **chosen.one_of("run", ids, run)
    )
    stored = next((record for record in runs if record.id == run), None)
    st.caption(plain(run_words(stored) if stored else shipped_words()))


def image(shown: SamplesLook) -> None:
    """The image, one of each class."""
    st.markdown(f"**{t('IMAGE')}** {t('(validation set)')}")
    label = chosen.among("label", range(len(shown.labels)))
    chosen.put("label", label)
    image_row(shown.images, THUMBNAIL, t("Validation images, one of each class"))
    st.pills(
        t("IMAGE"),
        range(len(shown.labels)),
        required=True,
        format_func=lambda place: t(shown.class_names[shown.labels[place]]),
        label_visibility="collapsed",
        **chosen.widget("label", label, "default"),
    )
    names = [t(shown.class_names[place]) for place in (shown.labels[label], shown.said[label])]
    st.caption(t("The network says “{said}” to this “{true}”.", true=names[0], said=names[1]))
    st.button(
        t("Other images"),
        key="other images",
        icon=":material/casino:",
        type="tertiary",
        on_click=chosen.put,
        args=("nth", chosen.get("nth") + 1),
    )


def samples() -> SamplesLook:
    """The images that can be looked at, and what the network says to them. CoreError where it cannot be asked."""
    return services().blocks(Samples(chosen.get("run"), chosen.get("nth")), actor=actor())


def choices() -> None:
    """The network and the image."""
    network()
    try:
        shown = samples()
    except CoreError:
        return  # The other pane says why.
    image(shown)


def seen() -> None:
    """The part that is looked at."""
    shown = samples()
    lacks_it = not shown.has_attention and chosen.PARTS.shown() == "attention"
    if not st.session_state.get("present", False):
        chosen.PARTS.choice(without=() if shown.has_attention else ("attention",))
    if lacks_it:
        st.info(
            t("This network has no self-attention. Choose a run of a self-attention encoder to see what it looks at.")
        )
    parts: dict[str, Draw] = {
        "maps": lambda: maps(shown),
        "unit": one_unit,
        "pooling": pooling,
        "activation": activation,
        "normalization": lambda: normalization(shown),
        "dropout": lambda: dropout(shown),
        "attention": lambda: attention(shown),
    }
    parts[chosen.PARTS.shown()]()


if left():
    st.session_state["present"] = False
notes_box(chosen.PARTS.read_address())
in_panes(choices, partial(lesson_state.after_answer, "building_blocks", seen), width=340)
