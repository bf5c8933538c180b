"""Memorized: which training samples a stored run learned first, last and never, and what became of wrong labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.experiment import Experiment
from core.figures.generalization import Followed, memory_figure, samples_figure
from core.language import translator
from core.studies.memorized import MOST_MOMENTS, Memorized, shown
from core.text import Text
from pages.components.generalization_confidence import tells_classes
from pages.components.language import language, show, t
from pages.components.measured import when_measured
from pages.components.param_form import keep
from pages.components.samples import image_row
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.stored_choice import chosen_run, experiment_of, look_at, stored_choice

EXAMPLE = "wrong_labels"
TILE = 52
_COLOURED = "wrong labels are coloured"


def suits(experiment: Experiment) -> bool:
    """Runs on classes that hide no fault."""
    return tells_classes(experiment) and not experiment.sealed


def coloured() -> bool:
    """Whether samples with a wrong label are told from the others."""
    return st.session_state.get(_COLOURED, False)


def choices() -> None:
    """The run, and whether wrong labels are shown."""
    stored_choice(suits)
    key = f"wrong labels coloured|{language()}"
    st.toggle(
        t("colour the wrong labels"),
        keep(key, coloured()),
        key=key,
        help=t("Guess first which samples have a wrong label. Then look."),
        on_change=lambda: st.session_state.update({_COLOURED: st.session_state[key]}),
    )
    st.caption(
        t(
            "The run is trained once more, with the same updates, and asked about every training sample at {num} "
            "moments. Confidence is the probability of the label that a sample is given, be it right or wrong. Below "
            "an image, (3×): it was forgotten three times.",
            num=MOST_MOMENTS,
        )
    )


def memory() -> None:
    """The map of the samples, their errors by epoch, and the samples at its ends."""
    run = chosen_run(suits, EXAMPLE)
    if run is None:
        return
    found = when_measured(run, lambda: services().memorized(run.id, actor=actor()), t("Training it once more"))
    if found is None:
        return
    look_at(run.id)
    names = [str(t(name)) for name in experiment_of(run).dataset.facts().class_names]  # type: ignore[attr-defined]
    st.markdown(show(words(found)))
    record = followed(found, names)
    dark = st.context.theme.type == "dark"
    left, right = st.columns(2, gap="small")
    with left:
        still(
            samples_figure(record, translator(language()), coloured=coloured(), dark=dark),
            key="samples followed",
            alt=t("Each training sample by its mean confidence and how much that changed"),
        )
    with right:
        still(
            memory_figure(record, translator(language()), coloured=coloured(), dark=dark),
            key="samples learned",
            alt=t("Share of training samples that are not learned, and validation error, by epoch"),
        )
    _rows(found, names)


def followed(found: Memorized, names: Sequence[str]) -> Followed:
    """The record of the figures."""
    liars = found.is_wrong

    def share(chosen: np.ndarray) -> np.ndarray:
        return found.rights[:, chosen].mean(1) if chosen.any() else np.full(len(found.epochs), np.nan)

    given = [names[int(place)] for place in found.given]
    return Followed(
        found.variability, found.mean, liars, given, found.epochs, share(~liars), share(liars), found.validation
    )


def _rows(found: Memorized, names: Sequence[str]) -> None:
    """The samples at the ends: as images where they are images, else by their labels."""
    titles = {
        "first": t("learned first"),
        "last": t("learned last, or never"),
        "forgotten": t("forgotten most often"),
    }
    for name, places in shown(found).items():
        if not len(places):
            continue
        st.markdown(f"**{titles[name]}**")
        if not all(place in found.images for place in places.tolist()):
            st.caption(", ".join(" ".join(_label(found, place, names)) for place in places))
            continue
        with st.container(horizontal=True, gap="xxsmall"):
            for place in places.tolist():
                label = _label(found, place, names)
                with st.container(width=TILE, gap="xxsmall"):
                    image_row(found.images[place][None], TILE, f"{titles[name]}: {' '.join(label)}")
                    st.caption("  \n".join(label), text_alignment="center")


def _label(found: Memorized, place: int, names: Sequence[str]) -> list[str]:
    """What a sample is, and how often it was forgotten."""
    given, true = names[int(found.given[place])], names[int(found.true[place])]
    label = f"{true} → {given}" if coloured() and given != true else given
    times = int(found.forgotten[place])
    return [label, f"({times}×)"] if times else [label]


def words(found: Memorized) -> Text:
    """How many samples are learned at the end; of wrong labels, when half of them are, beside the right ones."""
    num, learned = len(found.rows), int(found.rights[-1].sum())
    liars = found.is_wrong
    forgotten = int((found.forgotten > 0).sum())
    values = {"learned": learned, "num": num, "forgotten": forgotten}
    if not liars.any() or not coloured():
        return Text(
            "At the end {learned:,} of {num:,} training samples are answered as their label says; {forgotten:,} were "
            "forgotten at least once.",
            **values,
        )
    return Text(
        "At the end {learned:,} of {num:,} training samples are answered as their label says, among them {lies:,} of "
        "{wrong:,} wrong labels: those were memorized. Half of the right labels were learned by epoch {right}, half of "
        "the wrong ones {late}.",
        learned=learned,
        num=num,
        lies=int(found.rights[-1][liars].sum()),
        wrong=int(liars.sum()),
        right=_half(found, ~liars),
        late=_half_or_never(found, liars),
    )


def _half(found: Memorized, chosen: np.ndarray) -> str:
    enough = np.flatnonzero(found.rights[:, chosen].mean(1) >= 0.5)
    return f"{found.epochs[enough[0]]:,.3g}" if len(enough) else "–"


def _half_or_never(found: Memorized, chosen: np.ndarray) -> Text:
    epoch = _half(found, chosen)
    return Text("never") if epoch == "–" else Text("by epoch {epoch}", epoch=epoch)
