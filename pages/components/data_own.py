"""Data, fifth part: bring samples of one's own in a file or a folder, and take or remove those that are here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.catalog.datasets.own import OwnData
from core.errors import CoreError
from core.people import keeps_order
from core.studies.own_data import Arriving, packed
from core.text import Text
from core.uploads.limits import MAX_FILE_BYTES, MAX_SIDE, SIDE
from pages.components import data_state, state
from pages.components.choices import adapt_to_data, data_choice
from pages.components.error_box import error_box, plain
from pages.components.language import language, t
from pages.components.services import actor, services

_TAKEN, _ARRIVING, _REFUSED = "files that were brought", "file that is arriving", "file that was refused"
LOOK_AGAIN_S = 0.5


def choices() -> None:
    """The data set that is chosen now; own ones stand among the others."""
    data_choice()


def own() -> None:
    """What may be brought, the boxes for it, and what is here."""
    with st.container(key="refused-data"):
        if _REFUSED in st.session_state:
            error_box(st.session_state[_REFUSED])
    arriving: Arriving | None = st.session_state.get(_ARRIVING)
    if keeps_order(actor()):
        bring(is_busy=arriving is not None)
    else:
        st.info(t("In a class the teacher brings data: what is brought can be seen and chosen by everybody."))
    with st.container(key="arriving-data"):
        if arriving is not None:
            st.fragment(follow, run_every=LOOK_AGAIN_S)(arriving)
    here(services().own_data(actor=actor()))


def bring(*, is_busy: bool) -> None:
    """Boxes for a file and for a folder."""
    st.markdown(
        t(
            "Bring a **zip** with a folder of images for each class, an **.npz** with the arrays “inputs” and "
            "“targets”, or a **CSV** table whose last column is to be predicted. At most {most:.0f} MB; images of "
            "one size up to {side} pixels stay as they are, others become squares of {other}. Nothing in a file is "
            "executed, and everybody who uses this program here can choose what you bring.",
            most=MAX_FILE_BYTES / 2**20,
            side=MAX_SIDE,
            other=SIDE,
        )
    )
    with st.container(horizontal=True, gap="medium", key="own-files"):
        file: Any = st.file_uploader(
            t("A file: drop it here, or press to choose"), key=f"own file|{language()}", disabled=is_busy
        )
        folder: Any = st.file_uploader(
            t("A folder of images: drop it here, or press to choose"),
            accept_multiple_files="directory",
            key=f"own folder|{language()}",
            disabled=is_busy,
        )
    with st.container(key="not-taken"):
        st.warning(
            t(
                "What is marked in a box was not taken: a file may have {most:.0f} MB, and the box on the left takes "
                "one file. Take fewer or smaller images, or fewer rows.",
                most=MAX_FILE_BYTES / 2**20,
            )
        )
    for files in ([file] if file else [], folder or []):
        take(files)


def take(files: Sequence[Any]) -> None:
    """Let what was put into a box arrive, once."""
    taken: set[str] = st.session_state.setdefault(_TAKEN, set())
    identity = "|".join(one.file_id for one in files)
    if not files or identity in taken:
        return
    taken.add(identity)
    st.session_state.pop(_REFUSED, None)
    folder, slash, _ = files[0].name.partition("/")
    try:
        content = packed((one.name, one.getvalue()) for one in files) if slash else files[0].getvalue()
        st.session_state[_ARRIVING] = services().bring_data(folder, content, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
    st.rerun()


def follow(arriving: Arriving) -> None:
    """How far a file is; when it is here it is chosen, and what cannot be used is said."""
    if not arriving.key.done():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(arriving.share, t("Reading {name}", name=plain(arriving.name[:80])))
            st.button(t("Cancel"), on_click=arriving.cancel)
        return
    st.session_state.pop(_ARRIVING)
    try:
        choose(arriving.key.result())
    except CoreError as error:
        st.session_state[_REFUSED] = error
    st.rerun()


def choose(key: str) -> None:
    """Take a set and look at its classes."""
    state.put("dataset", {"key": key})
    adapt_to_data()
    data_state.PARTS.show("classes")


def here(sets: Sequence[type[OwnData]]) -> None:
    """The sets that are here, each with what can be done with it."""
    st.markdown(f"**{t('Own data that are here')}**")
    if not sets:
        st.caption(t("None yet."))
    for cls in sets:
        about = cls.about
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"own-{cls.key}"):
            words = (
                t(
                    "{title}: {num:,} samples of {count} classes ({names})",
                    title=plain(cls.title),
                    num=about.num_samples,
                    count=len(about.class_names),
                    names=plain(", ".join(about.class_names[:6]) + (" …" if len(about.class_names) > 6 else "")),
                )
                if about.class_names
                else t("{title}: {num:,} samples, a number each", title=plain(cls.title), num=about.num_samples)
            )
            st.markdown(words, width="stretch")
            st.button(t("Take it"), key=f"take {cls.key}", on_click=choose, args=(cls.key,), type="primary")
            if keeps_order(actor()):
                st.button(
                    t("Remove"),
                    key=f"remove {cls.key}",
                    icon=":material/delete:",
                    help=t("For good; not while a stored run has learned from it"),
                    on_click=remove,
                    args=(cls.key,),
                )


def remove(key: str) -> None:
    """Delete a set; the usual data take its place where it is chosen."""
    try:
        services().remove_data(key, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
        return
    st.session_state.pop(_REFUSED, None)
    if state.draft()["dataset"]["key"] == key:
        state.put("dataset", {"key": "digits"})
        adapt_to_data()
        state.remark(Text("The data that were removed are no longer chosen."))
