"""The tab of Runs that shows the cluster: its machines, what of them is in use, and what trains there."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import CoreError
from core.executors.choice import INSTALL, has_ray
from core.people import keeps_order
from core.store.records import STATE_NAMES
from pages.components.language import prose, show, t
from pages.components.services import actor, services

LOOK_AGAIN_S = 2.0


def cluster_tab() -> None:
    """The whole tab."""
    if not has_ray():
        st.info(
            t(
                "Runs of a comparison or a search can train on other processes and machines, with Ray. Install it with "
                "“{command}” and start this program again.",
                command=INSTALL,
            )
        )
        return
    if services().cluster(actor=actor()) is None:
        if keeps_order(actor()):
            _not_reached()
        else:
            st.info(t("No cluster is in use. A teacher may start one."))
        return
    st.fragment(_seen, run_every=LOOK_AGAIN_S)()


def _not_reached() -> None:
    st.info(
        t(
            "No cluster is in use. Choose “on the cluster” where a comparison or a search is started, or start one "
            "here: it is that of RAY_ADDRESS where this is set, else workers on this machine, one for each core."
        )
    )
    if st.button(t("Start the cluster"), type="primary", icon=":material/hub:"):
        try:
            with st.spinner(t("The cluster is being started .."), show_time=True):
                services().connect_cluster(actor=actor())
        except CoreError as error:
            st.session_state["refused"] = error
        st.rerun()


def _seen() -> None:
    view = services().cluster(actor=actor())
    if view is None:
        st.rerun()
    st.caption(
        t("On this machine only, at {address}.", address=view.address)
        if view.is_own
        else t("The cluster at {address}.", address=view.address)
    )
    cpus, gpus = (sum(getattr(node, name) for node in view.nodes if node.is_alive) for name in ("cpus", "gpus"))
    with st.container(horizontal=True):
        st.metric(
            t("Cores taken"),
            t("{used:g} of {all:g}", used=cpus - view.cpus_free, all=cpus),
            width="content",
            help=t("A process that has trained keeps its core for the next run, so that this one begins at once."),
        )
        if gpus:
            used = t("{used:g} of {all:g}", used=gpus - view.gpus_free, all=gpus)
            st.metric(t("GPUs in use"), used, width="content")
    st.dataframe(
        pd.DataFrame(
            {
                t("machine"): [node.name for node in view.nodes],
                t("state"): [t("there") if node.is_alive else t("gone") for node in view.nodes],
                t("cores"): [node.cpus for node in view.nodes],
                t("GPUs"): [node.gpus for node in view.nodes],
                t("memory, GB"): [node.memory_bytes / 1e9 for node in view.nodes],
            }
        ).round(1),
        hide_index=True,
    )
    runs = services().on_cluster(actor=actor())
    if not runs:
        st.caption(prose("Nothing trains there now."))
        return
    st.dataframe(
        pd.DataFrame(
            {
                t("run"): [one.run.name or one.run.id for one in runs],
                t("state"): [show(STATE_NAMES[one.state]) for one in runs],
                t("done"): [one.progress for one in runs],
                t("machine"): [one.where[0] if one.where else "" for one in runs],
                t("process"): [str(one.where[1]) if one.where else "" for one in runs],
            }
        ),
        column_config={t("done"): st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)},
        hide_index=True,
    )
