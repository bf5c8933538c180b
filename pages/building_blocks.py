"""Building blocks: what convolution, pooling, activation, normalization, dropout and attention do, in numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from core.describe import title
from core.errors import CoreError
from core.studies.blocks_asked import Samples
from pages.components import blocks_state as chosen
from pages.components.blocks_parts import activation, dropout, normalization
from pages.components.blocks_pictures import attention, maps, one_unit, pooling
from pages.components.blocks_unit import left
from pages.components.error_box import error_box, notes_box
from pages.components.landscape_tabs import told_apart
from pages.components.language import show, t
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


def shipped_name() -> str:
    """What the run that comes with the program is called."""
    from core.studies.blocks_shipped import shipped

    run = shipped()
    return t(
        "shipped with this program: {title}, {percent:.1f} % of {num:,} wrong",
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
    names = {"": shipped_name(), **told_apart(runs)}
    st.markdown(f"**{t('NETWORK')}**")
    st.selectbox(
        t("NETWORK"), ids, format_func=names.__getitem__, label_visibility="collapsed", **chosen.widget("run", run)
    )


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
        **chosen.widget("label", label),
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


def part_choice(shown: SamplesLook) -> None:
    """The row of parts."""
    names = {
        "maps": t("Feature maps"),
        "unit": t("One unit"),
        "pooling": t("Pooling"),
        "activation": t("Activation"),
        "normalization": t("Batch normalization"),
        "dropout": t("Dropout"),
        "attention": t("Attention"),
    }
    parts = [part for part in chosen.PARTS if part != "attention" or shown.has_attention]
    chosen.put("part", chosen.among("part", parts))
    st.segmented_control(
        t("What is looked at"),
        parts,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        required=True,
        **chosen.widget("part", chosen.get("part")),
    )


def page() -> None:
    """The network, the image, and the part that is looked at."""
    if left():
        st.session_state["present"] = False
    remarks = chosen.read_address()
    present = st.session_state.get("present", False)
    notes_box(remarks)
    choose = None
    if not present:
        with st.container(horizontal=True, gap="medium", key="blocks"):
            choose = st.container(border=True, key="choose", gap="xsmall", width=340)
            seen = st.container(key="seen", gap="small")
        with choose:
            network()
    else:
        seen = st.container(key="seen", gap="small")
    try:
        shown = services().blocks(Samples(chosen.get("run"), chosen.get("nth")), actor=actor())
        if choose is not None:
            with choose:
                image(shown)
        with seen:
            parts: dict[str, Callable[[], None]] = {
                "maps": maps,
                "unit": lambda: one_unit(present=present),
                "pooling": pooling,
                "activation": activation,
                "normalization": lambda: normalization(shown),
                "dropout": lambda: dropout(shown),
                "attention": attention,
            }
            if not present:
                part_choice(shown)
            parts[chosen.get("part")]()
    except CoreError as error:
        with seen:
            error_box(error)


page()
