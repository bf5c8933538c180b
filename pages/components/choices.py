"""The five choices of the Train page in reading order, the eight visible decisions, and what stands behind "more"."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec

import streamlit as st

from core.catalog.architectures import Architecture, LayerPlan
from core.catalog.augmentations.strengths import STRENGTHS
from core.catalog.datasets.dataset import DataSet
from core.catalog.entry import Entry, Parameter
from core.catalog.registry import entries, entry_class, parse
from core.errors import BadInput
from core.experiment import Experiment
from core.lessons.lesson import Control
from core.text import Text
from pages.components import lesson_state, opening, state
from pages.components.entry_form import entry_choice, entry_fields, field, heading, is_more, several
from pages.components.error_box import plain
from pages.components.language import language, show, t
from pages.components.param_form import LIVE_MARK, is_chosen, keep, shape_of
from pages.components.samples import before_and_after, one_a_class
from pages.components.schedule import schedule_picture
from pages.components.test_sets import test_set_choice

MORE_NUMBERS = (
    "batch_size", "validation_fraction", "num_folds", "fold", "sampling", "label_noise", "noisy_splits",
    "evaluate_every", "split_seed", "precision",
)  # fmt: skip


P = ParamSpec("P")


def of_a_lesson(name: Control) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Draws a choice only where the step of a lesson leaves it to its reader."""

    def where_left(draw: Callable[P, None]) -> Callable[P, None]:
        @wraps(draw)
        def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
            if lesson_state.leaves(name):
                draw(*args, **kwargs)

        return drawn

    return where_left


def chosen(family: str, value: Any) -> Entry:
    """The entry of a part of the draft, or its class's defaults where the draft cannot be used yet."""
    try:
        return parse(family, value)
    except BadInput:
        return entry_class(family, value["key"])()


def dataset() -> DataSet:
    """The chosen data set."""
    entry = chosen("datasets", state.draft()["dataset"])
    assert isinstance(entry, DataSet)
    return entry


def architecture() -> Architecture:
    """The chosen network."""
    entry = chosen("architectures", state.draft()["architecture"])
    assert isinstance(entry, Architecture)
    return entry


def fits_data(cls: type[Entry]) -> bool:
    """Whether a network or an augmentation takes the chosen data's kind of input."""
    return dataset().input_kind in getattr(cls, "input_kinds", ())


def adapt_to_data() -> None:
    """After a change of data: replace or drop what cannot take the new kind of input, and say so."""
    document, data = dict(state.draft()), dataset()
    if not fits_data(type(architecture())):
        usual = [(key, cls) for key, cls in entries("architectures").items() if not cls.more]
        key, cls = next((key, cls) for key, cls in reversed(usual) if fits_data(cls))
        state.remark(
            Text(
                "{old} cannot take {data}; the network is now {new}.",
                old=Text(architecture().title),
                data=Text(data.title),
                new=Text(cls.title),
            )
        )
        document["architecture"] = {"key": key}
    kept = [item for item in document["augmentations"] if fits_data(entry_class("augmentations", item["key"]))]
    if len(kept) < len(document["augmentations"]):
        state.remark(Text("Augmentations that do not suit {data} were removed.", data=Text(data.title)))
        document["augmentations"] = kept
    loss = document["loss"]
    if loss and data.task not in getattr(entry_class("losses", loss["key"]), "tasks", (data.task,)):
        state.remark(Text("The loss now follows the data set."))
        document["loss"] = None
    if document["train_size"] is not None:
        document["train_size"] = None
        state.remark(Text("All training samples are used again."))
    if document["test_seed"]:
        document["test_seed"] = 0
        state.remark(Text("The test set is the first one of these data."))
    state.put_draft(document)


# -- the five --------------------------------------------------------------------------------------------------------


@of_a_lesson("dataset")
def data_choice() -> None:
    """Data, and how much of it."""
    heading(t("DATA"), [type(dataset())])
    entry_choice("datasets", "dataset", state.draft()["dataset"], label="", after=adapt_to_data)
    if not dataset().generated:
        number("train_size", empty=t("all"))
    one_a_class()


@of_a_lesson("augmentations")
def augmentation_choice(*, opened: bool = False) -> None:
    """None, light, strong, or one's own list; `opened`: every parameter stands here, and the samples elsewhere."""
    items = state.draft()["augmentations"]
    kind = dataset().input_kind
    strengths = STRENGTHS[kind]
    names = {"none": t("none"), "light": t("light"), "strong": t("strong"), "custom": t("custom ..")}
    current = next((name for name, strength in strengths.items() if same(items, strength)), "custom")
    if st.session_state.get("custom augmentation"):
        current = "custom"
    heading(t("AUGMENTATION"), [entry_class("augmentations", item["key"]) for item in items])
    key = f"augmentation|{language()}"

    def take() -> None:
        if not is_chosen(key):
            return
        wanted = st.session_state[key]
        st.session_state["custom augmentation"] = wanted == "custom"
        if wanted in strengths:
            state.put("augmentations", strengths[wanted])

    st.pills(
        t("AUGMENTATION"),
        list(names),
        default=keep(key, current),
        key=key,
        required=True,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        on_change=take,
    )
    if current == "custom" or opened:
        several("augmentations", "augmentations", items, fits=fits_data)
    if not opened:
        before_and_after()


def same(items: list[dict[str, Any]], strength: list[dict[str, Any]]) -> bool:
    """Whether two lists name equal entries."""
    try:
        return [parse("augmentations", item) for item in items] == [parse("augmentations", item) for item in strength]
    except BadInput:
        return False


@of_a_lesson("architecture")
def network_choice() -> None:
    """The network with its sizes before anything is trained."""
    heading(t("NETWORK"), [type(architecture())])
    entry_choice(
        "architectures",
        "architecture",
        state.draft()["architecture"],
        label="",
        fits=fits_data,
        show_field=stands_first,
        after=begin_with_a_fit,
    )
    value = state.draft()["architecture"]
    for parameter in filter(is_of_blocks, entry_class("architectures", value["key"]).parameters()):
        opening.expander("blocks", t("Blocks, one by one"), partial(blocks_choice, value, parameter))
    try:
        rows = layer_plans()
    except BadInput:
        return  # which the live part says
    words = t("{count} weights, layer by layer", count=grouped(sum(row.num_parameters for row in rows)))
    opening.popover("layers", words, partial(layer_table, rows, dataset().facts().input_shape), type="tertiary")


def stands_first(parameter: Parameter) -> bool:
    """Whether a parameter of the chosen network stands below it: one without effect, or a rarer one, does not."""
    value = state.draft()["architecture"]
    network = entry_class("architectures", value["key"])
    assert issubclass(network, Architecture)
    replaced = {one: others for one, others in network.replaces.items() if value.get(one) is not None}
    if any(parameter.name in others for others in replaced.values()):
        return False
    return parameter.name in replaced or not (is_more(parameter) or parameter.choices)


def is_of_blocks(parameter: Parameter) -> bool:
    """Whether a parameter is a list of parts that have parameters of their own."""
    return shape_of(parameter.annotation).record is not None


def blocks_choice(value: dict[str, Any], parameter: Parameter) -> None:
    """What goes into the network and what each layer makes of it, as long as that has sides; and the blocks."""
    sizes_along()
    entry_fields("architectures", "architecture", value, show_field=only(parameter.name))


def begin_with_a_fit() -> None:
    """A network that was just chosen has sizes for which the chosen data are large enough."""
    begun, fits = architecture(), architecture().fitted(dataset().facts().input_shape)
    if fits != begun:
        state.put_draft({**state.draft(), "architecture": fits.model_dump(mode="json")})


def layer_plans() -> list[LayerPlan]:
    """The layers of the chosen network on the chosen data; BadInput where there can be no such network."""
    facts, network = dataset().facts(), parse("architectures", state.draft()["architecture"])
    assert isinstance(network, Architecture)
    return network.plan(facts.input_shape, facts.num_outputs)


@of_a_lesson("regularizers")
def regularizer_choice() -> None:
    """What keeps the weights small or the network humble: none, one or several."""
    items = state.draft()["regularizers"]
    heading(t("REGULARIZER"), [entry_class("regularizers", item["key"]) for item in items])
    several("regularizers", "regularizers", items, absent=t("none"))


@of_a_lesson("optimizer")
def optimizer_choice() -> None:
    """The rule of the update and its learning rate."""
    value = state.draft()["optimizer"]
    heading(t("OPTIMIZER"), [entry_class("optimizers", value["key"])])
    entry_choice("optimizers", "optimizer", value, label="")


# -- numbers and more ------------------------------------------------------------------------------------------------


def number(name: str, *, empty: str = "") -> None:
    """One of the experiment's own fields, unless a lesson keeps it back."""
    if not lesson_state.leaves(name):
        return
    parameter = Experiment.parameters()[name]
    value = state.draft()[name]
    field(parameter, name, value, state.problem_of_number(name, value), empty=empty)


def more_fields() -> list[tuple[str, str, dict[str, Any], Parameter]]:
    """The parameters of the chosen entries that stand behind "more": family, path, entry, parameter."""
    document = state.draft()
    parts = [
        ("datasets", "dataset", document["dataset"]),
        ("architectures", "architecture", document["architecture"]),
        ("optimizers", "optimizer", document["optimizer"]),
        *(("augmentations", f"augmentations.{i}", item) for i, item in enumerate(document["augmentations"])),
        *(("regularizers", f"regularizers.{i}", item) for i, item in enumerate(document["regularizers"])),
    ]

    def hidden(family: str, parameter: Parameter) -> bool:
        rarer = is_more(parameter) or (family == "architectures" and bool(parameter.choices))
        return rarer and not (family == "architectures" and stands_first(parameter))

    return [
        (family, path, entry, parameter)
        for family, path, entry in parts
        for parameter in entry_class(family, entry["key"]).parameters()
        if hidden(family, parameter) and not is_of_blocks(parameter)
    ]


@of_a_lesson("more")
def more_choices() -> None:
    """Everything else, closed until it is opened."""
    fields = more_fields()
    count = len(fields) + len(MORE_NUMBERS) + 3
    words = t("{count} more (first weights, batch, schedule, loss, precision ..)", count=count)
    opening.expander("more", words, partial(_more, fields))


def _more(fields: list[tuple[str, str, dict[str, Any], Parameter]]) -> None:
    document = state.draft()
    entry_choice(
        "initializers",
        "initializer",
        document["initializer"],
        label=t("first weights"),
        absent=t("as the activation wants"),
    )
    entry_choice("schedules", "schedule", document["schedule"], label=t("schedule"), show_field=lambda _: True)
    if state.experiment().schedule != Experiment().schedule:
        schedule_picture(state.experiment(), "schedule picture")
    task = dataset().task
    entry_choice(
        "losses",
        "loss",
        document["loss"],
        label=t("loss"),
        absent=t("as the data set wants"),
        fits=lambda cls: task in getattr(cls, "tasks", (task,)),
        show_field=lambda _: True,
    )
    for name in MORE_NUMBERS:
        number(name, empty=t("none") if name == "num_folds" else t("by itself"))
    test_set_choice()
    for family, path, entry, parameter in fields:
        entry_fields(family, path, entry, show_field=only(parameter.name))


def sizes_along() -> None:
    """The sizes along the network; else why there can be none."""
    try:
        rows = [row for row in layer_plans() if len(row.output_shape) > 1]
    except BadInput as error:
        st.markdown(f":small[:red[{plain(show(error.text))}]]")
        return
    sizes = [size(dataset().facts().input_shape), *(f"**{row.name}** {size(row.output_shape)}" for row in rows)]
    st.caption(t("Height × width × channels: {sizes}", sizes=" → ".join(sizes)))


def only(name: str) -> Callable[[Parameter], bool]:
    """A filter that lets one parameter through."""
    return lambda parameter: parameter.name == name


# -- the layer table ---------------------------------------------------------------------------------------------------


def grouped(number: int) -> str:
    """A whole number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\u202f")


def size(shape: tuple[int, ...]) -> str:
    """A shape as people write it: height × width × channels, or one number."""
    ordered = (*shape[1:], shape[0]) if len(shape) > 1 else shape
    return " × ".join(str(side) for side in ordered)


def layer_table(rows: list[LayerPlan], input_shape: tuple[int, ...]) -> None:
    """Every layer with what it gives out and what it costs."""
    table = {
        t("layer"): [t("input"), *(row.name for row in rows)],
        t("kind"): ["–", *(show(row.kind) for row in rows)],
        t("output"): [size(input_shape), *(size(row.output_shape) for row in rows)],
        t("weights"): ["–", *(grouped(row.num_parameters) for row in rows)],
        t("multiplications"): ["–", *(grouped(row.multiplications) for row in rows)],
    }
    if any(row.receptive_field for row in rows):
        fields = [row.receptive_field for row in rows]
        table[t("sees, pixels")] = ["1", *(str(side) if side else t("all") for side in fields)]
    st.table(table, border="horizontal", hide_index=True)


def legend() -> None:
    """When a change takes effect."""
    st.caption(t("{mark} acts at once · all others: new run", mark=f"`{LIVE_MARK}`"))


PARTS: dict[Control, Callable[[], None]] = {
    "dataset": data_choice,
    "augmentations": augmentation_choice,
    "architecture": network_choice,
    "regularizers": regularizer_choice,
    "optimizer": optimizer_choice,
    "seed": partial(number, "seed"),
    "epochs": partial(number, "epochs"),
    "more": more_choices,
}


def choices() -> None:
    """The whole left pane, or what the step of a lesson leaves of it."""
    for draw in PARTS.values():
        draw()
    for note in state.without_effect():
        st.caption(plain(show(note)))
    legend()
