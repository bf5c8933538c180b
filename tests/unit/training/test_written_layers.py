"""A network all of whose layers know their way back is trained without a graph, to the bits that it has with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core.catalog.architectures.rows import Chain, Product
from core.experiment import Experiment
from tests.unit.training.test_stacked import NETWORKS, alike, mlp, rows, together

NUM_STEPS = 9
"""More than an epoch: batches of two sizes."""
WRITTEN: dict[str, list[Experiment]] = {
    **{name: rows(NETWORKS[name])[:4] for name in ("relu", "logistic", "odd widths", "images as features")},
    "label smoothing": rows(NETWORKS["odd widths"], loss="label_smoothing")[:4],
    "terms": rows(mlp(), regularizers=["l1", "clip_norm"])[:4],
    "folds": [
        Experiment.from_json({**mlp(), "dataset": {"key": "moons", "n": 61}, "num_folds": 4, "fold": fold})
        for fold in range(1, 5)
    ],
}
IN_A_GRAPH: dict[str, list[Experiment]] = {
    "another activation": rows(mlp(activation="gelu"))[:2],
    "normalization": rows(mlp(normalization="layer"))[:2],
    "dropout": rows(mlp(), regularizers=["dropout"])[:2],
    "another loss": rows(mlp(), loss="squared_error")[:2],
    "convolutions": rows(NETWORKS["images"])[:2],
}


def no_graph(*_: Any) -> None:
    raise AssertionError("a graph was gone through")


@pytest.mark.parametrize("name", WRITTEN)
def test_no_graph_is_needed_and_no_bit_depends_on_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        patched.setattr(torch.autograd, "backward", no_graph)
        written = together(WRITTEN[name], tmp_path, NUM_STEPS)
    monkeypatch.setattr(Chain, "written", lambda *_: None)
    for one, other in zip(written, together(WRITTEN[name], tmp_path, NUM_STEPS), strict=True):
        assert alike(one, other)


@pytest.mark.parametrize("name", IN_A_GRAPH)
def test_where_one_layer_does_not_know_its_way_back_there_is_a_graph(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(torch.autograd, "backward", no_graph)
    with pytest.raises(Exception, match="a graph was gone through"):
        together(IN_A_GRAPH[name], tmp_path, 1)


@pytest.mark.parametrize("batch", [40, 64, 1000])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 16), (1, 64), (16, 1), (100, 1), (1, 1), (7, 1), (1, 33)])
def test_products_with_a_side_of_one_have_the_same_bits_alone_and_beside_others(batch: int, inputs: int, outputs: int):
    draw = torch.Generator().manual_seed(0)
    x, weight, bias, dy = (
        torch.randn(shape, generator=draw)
        for shape in ((8, batch, inputs), (8, outputs, inputs), (8, outputs), (8, batch, outputs))
    )

    def found(rows: slice) -> list[torch.Tensor]:
        # As in a block, gradients of one row lie beside each other, and rows far apart.
        memory = torch.zeros((8, 4096))[rows]
        gradients = memory[:, : outputs * inputs].unflatten(1, (outputs, inputs)), memory[:, 2048 : 2048 + outputs]
        product = Product(torch.zeros((), requires_grad=True), weight[rows], bias[rows], *gradients)
        y, kept = product.forward(x[rows])
        results = [y.clone(), product.as_output().forward(x[rows])[0].clone()]
        dx = product.backward(dy[rows], kept, to_input=True)
        assert dx is not None
        return [*results, dx, product.weight_gradient]

    together = found(slice(0, 8))
    for place in range(8):
        for one, all_rows in zip(found(slice(place, place + 1)), together, strict=True):
            assert torch.equal(one[0], all_rows[place])
