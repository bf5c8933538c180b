"""The sealed test set: opened once, at the end; and why the best validation error of many runs is too good."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import CoreError
from core.experiment import Experiment
from core.figures.generalization import optimism_figure
from core.language import translator
from core.store.records import Look, RunRecord
from core.studies.access import may_change
from core.studies.optimism import lowest_error
from core.text import Text
from core.training.evaluation import Evaluation, Score
from core.training.trend import uncertainty_of
from core.training.verdict import error_text, uncertainty_text
from pages.components.error_box import error_box
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.runs_table import name_of
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.stored_choice import chosen_run, look_at, stored_choice
from pages.components.test_sets import fresh_test_sets
from pages.components.until_over import until_over

EXAMPLE = "overfits_moons"
MOST_NETWORKS = 100
_ASKED, _REFUSED, _NETWORKS = "seal that is to be opened", "look that was refused", "networks of the best"


def any_run(experiment: Experiment) -> bool:
    """Every run has a test set."""
    return True


def choices() -> None:
    """The run, and what the seal is for."""
    stored_choice(any_run)
    st.caption(
        t(
            "Validation samples choose: a network, a rate, the moment to stop. The test set is for one look at the "
            "very end. Each look with other weights on the same test set is counted, also after runs are deleted, and "
            "from the second on every number is marked as contaminated."
        )
    )


def seal() -> None:
    """Whether the test set is sealed, the look, and what choosing the best of many does."""
    run = chosen_run(any_run, EXAMPLE)
    if run is None:
        return
    if run.active:
        until_over(
            lambda: services().is_active(run.id),
            t("The run is still being trained. The test set waits for its end."),
        )
        return
    evaluations = services().evaluations(run.id, actor=actor())
    if not evaluations:
        st.info(t("Nothing was measured of this run."))
        return
    look_at(run.id)
    looks = services().looks(run.id, actor=actor())
    mine = next((found for found in looks if found.weights_sha256 == run.weights_sha256), None)
    kept = _kept(run, evaluations)
    st.markdown(show(words(looks, mine, kept)))
    with st.container(horizontal=True, gap="large", vertical_alignment="bottom"):
        st.metric(t("validation error"), _with_uncertainty(kept.validation))
        st.metric(t("test error"), _on_test(mine, kept) if mine else "🔒 " + t("sealed"))
        if mine is None and may_change(run, actor()):
            st.button(
                t("Open the seal .."),
                icon=":material/lock_open:",
                on_click=lambda: st.session_state.update({_ASKED: run.id}),
            )
        elif mine is None:
            st.caption(t("Only who has trained this run can look with it."))
    if mine is None and st.session_state.get(_ASKED) == run.id:
        with st.container(border=True):
            _ask(run, looks)
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    if looks:
        _table(looks)
    fresh_test_sets(run)
    if kept.validation.wrong is not None:
        st.divider()
        _best_of_many(run, kept.validation)


def _kept(run: RunRecord, evaluations: list[Evaluation]) -> Evaluation:
    """The evaluation of the weights that a run has ended with."""
    step = run.answer.get("step", evaluations[-1].step)
    return next((found for found in reversed(evaluations) if found.step == step), evaluations[-1])


def _with_uncertainty(score: Score) -> str:
    return f"{show(error_text(score))} ± {show(uncertainty_text(score))}"


def _on_test(look: Look, kept: Evaluation) -> str:
    is_share = kept.validation.wrong is not None
    spread = uncertainty_of(look.value, int(look.values.get("test/num", 1)), is_share=is_share)
    return f"{100 * look.value:.1f} % ± {100 * spread:.1f}" if is_share else f"{look.value:.3g} ± {spread:.2g}"


def words(looks: tuple[Look, ...], mine: Look | None, kept: Evaluation) -> Text:
    """What is known of the test set, and what that is worth."""
    if not looks:
        return Text("🔒 **Sealed.** You have never looked at this test set.")
    if mine is None:
        return Text(
            "🔒 **Sealed for this run.** Your looks at this test set with other weights: {num}. One more would let you "
            "choose by it.",
            num=len(looks),
        )
    if mine.contaminated:
        return Text(
            "⚠ **Contaminated**: this was look {number} at this test set, so the number could have been chosen.",
            number=mine.number,
        )
    if kept.validation.wrong is None:
        return Text("**Opened once**, with these weights: the test error is an honest one.")
    num = int(mine.values["test/num"])
    spread = (uncertainty_of(mine.value, num, is_share=True) ** 2 + _variance(kept.validation)) ** 0.5
    distance = 100 * (mine.value - kept.validation.error)
    return Text(
        "**Opened once**, with these weights: the test error is an honest one. It lies {distance} points from the "
        "validation error; chance alone makes ± {spread:.1f}.",
        distance=f"{distance:+.1f}".replace("-", "−"),
        spread=100 * spread,
    )


def _variance(score: Score) -> float:
    return uncertainty_of(score.error, score.num, is_share=True) ** 2


def _ask(run: RunRecord, looks: tuple[Look, ...]) -> None:
    """Ask before a look; the second one with other weights only as contaminated."""
    if looks:
        st.markdown(
            t(
                "**The test set stays sealed**: you looked at it on {day} with other weights. Choosing between weights "
                "by their test error makes that error too good. Compare by the validation error, or look all the same: "
                "then this number and all later ones are marked as contaminated.",
                day=f"{looks[0].utc:%Y-%m-%d}",
            )
        )
    else:
        st.markdown(
            t(
                "**Open the seal?** The test set can be opened once. After that, a look with any other network is "
                "refused or marked, for everything you do with these test samples. Is this the network that you have "
                "chosen?"
            )
        )
    with st.container(horizontal=True, gap="small"):
        st.button(
            t("Look all the same: contaminated") if looks else t("Open it"),
            type="secondary" if looks else "primary",
            icon=":material/warning:" if looks else ":material/lock_open:",
            on_click=_open,
            args=(run.id, bool(looks)),
        )
        st.button(
            t("Leave it sealed"),
            type="primary" if looks else "secondary",
            on_click=lambda: st.session_state.pop(_ASKED, None),
        )


def _open(run: str, insist: bool) -> None:
    st.session_state.pop(_ASKED, None)
    try:
        services().evaluate_test(run, actor=actor(), insist=insist)
    except CoreError as error:
        st.session_state[_REFUSED] = error


def _table(looks: tuple[Look, ...]) -> None:
    st.markdown(f"**{t('YOUR LOOKS AT THIS TEST SET')}**")
    runs = [services().find(look.run, actor=actor()) if look.run else None for look in looks]
    rows = [
        {
            t("look"): look.number,
            t("run"): name_of(run) if run else t("deleted"),
            t("when"): f"{look.utc:%Y-%m-%d %H:%M} UTC",
            t("weights"): look.weights_sha256[:12],
            t("test error"): f"{100 * look.value:.1f} %" if "test/wrong" in look.values else f"{look.value:.3g}",
            t("worth"): t("contaminated") if look.contaminated else t("honest"),
        }
        for look, run in zip(looks, runs, strict=True)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")


@st.fragment
def _best_of_many(run: RunRecord, score: Score) -> None:
    st.markdown(f"**{t('THE BEST OF MANY LOOKS BETTER THAN IT IS')}**")
    key = f"best of|{language()}"
    num = st.slider(
        t("networks tried"),
        1,
        MOST_NETWORKS,
        keep(key, st.session_state.get(_NETWORKS, 20)),
        key=key,
        on_change=lambda: st.session_state.update({_NETWORKS: st.session_state[key]}),
    )
    nums = range(1, MOST_NETWORKS + 1)
    shown = [lowest_error(each, score.error, score.num) for each in nums]
    st.markdown(
        t(
            "Of {num} networks that are all {error:.1f} % wrong, the best shows {shown:.1f} % on {samples:,} "
            "validation samples by chance alone. A search that keeps the best of its runs reports that number.",
            num=num,
            error=100 * score.error,
            shown=100 * shown[num - 1],
            samples=score.num,
        )
    )
    still(
        optimism_figure(
            nums,
            shown,
            score.error,
            num,
            run.colour_slot,
            translator(language()),
            dark=st.context.theme.type == "dark",
        ),
        key="best of many",
        alt=t("What the best of several equally good networks shows, against their number"),
    )
    st.caption(
        t("As if every network erred on samples of its own; networks that err on the same ones show less of it.")
    )
