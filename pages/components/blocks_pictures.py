"""Building blocks as pictures: feature maps and filters, max against average pooling, attention maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import streamlit as st

from core.catalog.architectures.architecture import Architecture
from core.catalog.datasets.dataset import DataSet
from core.experiment import Experiment
from core.figures.blocks import Tiles, tiles_figure
from core.language import translator
from core.studies.blocks_asked import Attention, Layers
from core.text import Text
from pages.components import blocks_state as chosen
from pages.components.blocks_unit import unit_chart
from pages.components.choices import grouped
from pages.components.language import language, show, t
from pages.components.samples import image_row
from pages.components.services import actor, services
from pages.components.still import still

if TYPE_CHECKING:
    from core.studies.blocks import SamplesLook
    from core.studies.blocks_layers import Layer

MOST_TILES = 64
"""Of more feature maps than these the first are drawn."""
POOLED = 400
"""Height of a map above its moved one, in pixels: in a presentation too both are seen without scrolling."""
STAGES = ("summed", "normalized", "activated", "pooled")


def tiles(
    arrays: np.ndarray,
    alt: str,
    key: str,
    most_columns: int = 16,
    ends: tuple[float, float] | None = None,
    height: int | None = None,
    names: Sequence[Text] = (),
) -> None:
    """Arrays (n, H, W) side by side; their sign is told where there are negative ones."""
    is_signed = bool((arrays < 0).any()) if ends is None else ends[0] < 0
    record = Tiles(arrays[:MOST_TILES], is_signed, most_columns, ends, height, names)
    if len(arrays) > MOST_TILES:
        st.caption(t("The first {num} of {all} are drawn.", num=MOST_TILES, all=len(arrays)))
    still(tiles_figure(record, translator(language())), key=key, alt=alt)


def look(*, is_shifted: bool = False) -> Any:
    """What every layer makes of the chosen image."""
    asked = Layers(chosen.get("run"), chosen.get("nth"), chosen.get("label"), is_shifted)
    return services().blocks(asked, actor=actor())


def layer_choice(layers: Sequence[Layer]) -> Layer:
    """One of the layers, chosen for all parts."""
    names = [layer.name for layer in layers]
    name = chosen.among("layer", names)
    st.selectbox(t("layer"), **chosen.one_of("layer", names, name))
    return layers[names.index(name)]


def with_maps(layers: Sequence[Layer]) -> list[Layer]:
    """The layers that make feature maps of two axes."""
    return [layer for layer in layers if layer.stages["activated"].ndim == 3]


def no_convolution() -> None:
    """Said where a network has no convolution."""
    st.info(t("This network has no convolution. Choose a run of a CNN, such as the one this page opens with."))


def nothing_inside() -> None:
    """Said where a network has no layer of which the values can be shown."""
    st.info(
        t(
            "This network has no convolution and no dense layer with an activation to look into. Choose another run, "
            "such as the one this page opens with."
        )
    )


# -- feature maps -----------------------------------------------------------------------------------------------------


def maps(shown: SamplesLook) -> None:
    """Feature maps of a layer, its filters, and the table of all layers."""
    found = look()
    if found.layers:
        of_layers(found.layers)
    elif shown.has_attention:
        st.info(t("This network makes no feature maps. What its heads look at stands under “Attention”."))
    else:
        nothing_inside()
    table()


def of_layers(layers: Sequence[Layer]) -> None:
    """Feature maps and filters of the layer that is chosen."""
    choose, shown = st.columns([1, 3], gap="medium")
    with choose:
        layer = layer_choice(layers)
        names = {
            "summed": t("sums before the activation"),
            "normalized": t("after normalization"),
            "activated": t("after the activation"),
            "pooled": t("after pooling"),
        }
        stages = [stage for stage in STAGES if stage in layer.stages]
        stage = chosen.get("stage", "activated")
        stage = stage if stage in stages else "activated"
        st.radio(t("values"), format_func=names.__getitem__, **chosen.one_of("stage", stages, stage))
    with shown:
        values = layer.stages[stage]
        st.markdown(f"**{t('Feature maps') if values.ndim == 3 else t('Units')}**")
        arrays = values if values.ndim == 3 else values.reshape(1, 1, -1)
        tiles(arrays, t("What the layer makes of the image"), "maps of a layer")
        filters(layer)


def filters(layer: Layer) -> None:
    """The kernels of a convolution, or a first dense layer's weights as images."""
    if layer.kernels is not None:
        weights = layer.kernels.weights
        if weights.shape[1] == 1:
            st.markdown(f"**{t('Filters')}**")
            kernels = weights[:, 0]
        else:
            st.markdown(f"**{t('Filters of one feature map, a kernel for each channel that it reads')}**")
            number = chosen.among("map", range(1, len(weights) + 1))
            st.number_input(t("feature map"), 1, len(weights), step=1, width=140, **chosen.widget("map", number))
            kernels = weights[number - 1]
        tiles(kernels, t("Weights of the kernels"), "filters", 32)
    elif layer.weights is not None and layer.given.ndim == 1:
        side = images_side(layer.weights.shape[1])
        if side:
            st.markdown(f"**{t('Weights of each unit, laid out as the image')}**")
            tiles(layer.weights.reshape(-1, side, side), t("Weights of the units"), "filters", 32)


def images_side(num: int) -> int:
    """The side of the run's grey images where a layer reads their pixels; else 0."""
    shape = cast(DataSet, experiment().dataset).facts().input_shape
    return shape[1] if len(shape) == 3 and shape[0] == 1 and shape[1] == shape[2] and shape[1] ** 2 == num else 0


def experiment() -> Experiment:
    """What the run looked at has trained."""
    from core.studies.blocks_shipped import experiment_of

    run = chosen.get("run")
    return experiment_of(services().run(run, actor=actor()) if run else None)


def table() -> None:
    """Size, receptive field, multiplications and parameters of every block."""
    dataset, architecture = cast(DataSet, experiment().dataset), cast(Architecture, experiment().architecture)
    facts = dataset.facts()
    rows = architecture.plan(facts.input_shape, facts.num_outputs)
    # In a network of convolutions a value without a field of its own is made of all of the image.
    fields = [t("whole image") if (side := row.receptive_field) is None else f"{side}×{side}" for row in rows]
    columns: Mapping[str, list[str]] = {
        t("layer"): [row.name for row in rows],
        **({t("receptive field"): fields} if any(row.receptive_field for row in rows) else {}),
        t("multiplications"): [grouped(row.multiplications) for row in rows],
        t("output"): ["×".join(map(str, row.output_shape)) for row in rows],
        t("parameters"): [grouped(row.num_parameters) for row in rows],
        t("what it is"): [show(row.kind) for row in rows],
    }
    has_fields = t("receptive field") in columns
    title = t("Receptive field and multiplications of each block") if has_fields else t("Multiplications of each block")
    st.markdown(f"**{title}**")
    st.dataframe(columns, hide_index=True, width="stretch", key="blocks table")
    told = [t("The receptive field is what one value sees of the image, in pixels.")] if has_fields else []
    num = sum(row.multiplications for row in rows)
    st.caption(" ".join([*told, t("{num:,} multiplications an image.", num=num)]))


# -- one unit ---------------------------------------------------------------------------------------------------------


def one_unit() -> None:
    """Patch × kernel + bias → activation, position by position."""
    convolutions = [layer for layer in look().layers if layer.kernels is not None]
    if not convolutions:
        no_convolution()
        return
    present = st.session_state.get("present", False)
    if present:
        names = [layer.name for layer in convolutions]
        layer = convolutions[names.index(chosen.among("layer", names))]
    else:
        with st.container(width=260):
            layer = layer_choice(convolutions)
    place = f"{chosen.get('run')} {layer.name}"
    stamp = f"{place} {chosen.get('label')} {chosen.get('nth')}"
    unit_chart(layer, place, stamp, present=present)


# -- pooling ----------------------------------------------------------------------------------------------------------


def pooling() -> None:
    """Max and average pooling of one feature map, of the image and of the image one pixel to the right."""
    from core.studies.blocks_pooling import Pooled, pooled

    layers = with_maps(look().layers)
    if not layers:
        no_convolution()
        return
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=200):
            layer = layer_choice(layers)
        values = layer.stages["activated"]
        num, side = len(values), min(values.shape[1:])
        strongest = int(values.sum((1, 2)).argmax()) + 1
        number = min(chosen.get("map", strongest), num)
        st.number_input(t("feature map"), 1, num, step=1, width=140, **chosen.widget("map", number))
        window = min(chosen.get("window", 2), side)
        stride = min(chosen.get("stride", 2), side)
        if side > 1:
            st.slider(t("window"), 1, min(4, side), width=180, **chosen.widget("window", min(window, 4)))
            st.slider(t("stride"), 1, min(4, side), width=180, **chosen.widget("stride", min(stride, 4)))
    moved = next(other for other in look(is_shifted=True).layers if other.name == layer.name)
    found: list[Pooled] = pooled(values[number - 1], moved.stages["activated"][number - 1], window, stride)
    names = {"map": t("feature map"), "max": t("max pooling"), "average": t("average pooling")}
    # Neither maximum nor mean lies outside of what the map itself holds.
    both = np.stack([found[0].plain, found[0].moved])
    ends = float(both.min()), float(both.max())
    images = (Text("the image"), Text("one pixel to the right"))
    for column, part in zip(st.columns(3, gap="medium"), found, strict=True):
        with column:
            high, wide = part.plain.shape
            st.markdown(f"**{names[part.kind]}** {high}×{wide}")
            both = np.stack([part.plain, part.moved])
            tiles(both, names[part.kind], f"pooling {part.kind}", 1, ends, POOLED, images)
            st.markdown(t("changed by {share:.0f} %", share=100 * part.changed))
    st.caption(
        t(
            "Changed: the sum of all differences, as a share of the sum of all values. A value of max pooling is the "
            "largest in its window, one of average pooling their mean."
        )
    )


# -- attention --------------------------------------------------------------------------------------------------------


def attention(samples: SamplesLook) -> None:
    """How much the answer takes from every patch, or one patch from every other one, for each head of a layer."""
    found = services().blocks(Attention(chosen.get("run"), chosen.get("nth"), chosen.get("label")), actor=actor())
    num_layers, _, num_tokens, _ = found.maps.shape
    first = 1 if found.has_class_token else 0
    high, wide = found.grid
    with st.container(horizontal=True, gap="medium"):
        number = chosen.among("attention layer", range(1, num_layers + 1))
        if num_layers > 1:
            st.slider(t("layer"), 1, num_layers, width=200, **chosen.widget("attention layer", number))
        tokens = [*([0] if first else []), *range(first, num_tokens)]
        token = chosen.among("token", tokens)
        st.selectbox(
            t("what looks"),
            width=240,
            format_func=lambda each: (
                t("class token")
                if each < first
                else t("patch {row}, {column}", row=(each - first) // wide + 1, column=(each - first) % wide + 1)
            ),
            **chosen.one_of("token", tokens, token),
        )
        place = chosen.among("label", range(len(samples.labels)))
        image_row(samples.images[place : place + 1], 96, t("The image"))
    rows = found.maps[number - 1, :, token, first:]
    st.markdown(f"**{t('Attention of each head')}**")
    names = [Text("head {number}", number=head + 1) for head in range(len(rows))]
    maps_NHW = rows.reshape(-1, high, wide)
    tiles(maps_NHW, t("How much each patch is looked at"), "attention maps", 4, names=names)
    st.caption(
        t(
            "Each square is a patch at its place in the image: the brighter, the more is taken from it. Over all "
            "tokens the numbers of a head sum to 1."
        )
    )
