"""The experiment as plain PyTorch, to be taken along."""

from __future__ import annotations

from functools import lru_cache, partial

import streamlit as st

from core.errors import CoreError
from core.experiment import Experiment
from core.exports.script import notebook_bytes, parts_of, script_bytes
from pages.components import opening
from pages.components.error_box import error_box
from pages.components.language import t


@lru_cache(maxsize=64)
def _files(experiment: Experiment) -> tuple[bytes, bytes]:
    parts = parts_of(experiment)
    return script_bytes(parts), notebook_bytes(parts)


def offer(experiment: Experiment) -> None:
    """A popover with the script and the notebook, or with the reason why there are none."""
    opening.popover(
        "code",
        t("code"),
        partial(_taken_along, experiment),
        icon=":material/code:",
        help=t("This experiment as plain PyTorch"),
    )


def _taken_along(experiment: Experiment) -> None:
    try:
        script, notebook = _files(experiment)  # pyright: ignore[reportArgumentType]  # frozen, so it has a hash
    except CoreError as error:
        error_box(error)
        return
    st.markdown(
        t(
            "Data, network and every update in plain PyTorch, to be read from top to bottom. It runs without this "
            "program and ends with the same numbers on the same machine's CPU."
        )
    )
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            t("Script"),
            script,
            "experiment.py",
            "text/x-python",
            on_click="ignore",
            icon=":material/description:",
        )
        st.download_button(
            t("Notebook"),
            notebook,
            "experiment.ipynb",
            "application/x-ipynb+json",
            on_click="ignore",
            icon=":material/book_2:",
        )
