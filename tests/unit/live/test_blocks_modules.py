"""The arithmetic of one unit in the browser against torch's own functions in float64."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from core.live.assets import Assets
from core.studies.blocks_layers import END, NUM_PLACES, curve
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([ASSETS / "blocks_chart.js", *ASSETS.glob("blocks/*.js")])
PRELUDE = """
    const arithmetic = await import(new URL("blocks/arithmetic.js", "FOLDER/"));
    const { activated, featureMap, learned, outputSide, unit, unseen } = arithmetic;
    const array = (values, shape) => Object.assign(Float64Array.from(values), { shape });
    const identity = { end: 12, values: [-12, 12] };
"""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("blocks_chart.js", "blocks.css", "blocks/view.js"):
        assert assets.get(name) is not None, name


def test_every_word_on_the_page_comes_from_the_labels_and_none_is_left_over():
    from pages.components.blocks_unit import labels

    source = "".join(module.read_text(encoding="utf-8") for module in [*MODULES, ASSETS / "live" / "frame.js"])
    known = set(labels(str))
    assert set(re.findall(r"labels\.(\w+)", source)) <= known
    assert {name for name in known if re.search(rf"\b{name}\b", source)} == known


CASES = [(3, 1, 0, 0, 1), (2, 1, 0, 1, 1), (5, 2, 2, 2, 1), (3, 3, 1, 1, 2), (1, 2, 0, 0, 4)]


def test_a_feature_map_of_every_size_stride_and_padding_is_torchs():
    draw = torch.Generator().manual_seed(1)
    given = torch.randn(1, 4, 7, 9, generator=draw, dtype=torch.float64)
    scripts, expected = [], []
    for size, stride, before, after, groups in CASES:
        weights = torch.randn(8, 4 // groups, size, size, generator=draw, dtype=torch.float64)
        bias = torch.randn(8, generator=draw, dtype=torch.float64)
        padded = functional.pad(given, (before, after, before, after))
        expected.append(functional.conv2d(padded, weights, bias, stride, groups=groups)[0, 5])
        layer = f"{{ weights: {_array(weights)}, bias: {_array(bias)}, scale: null, shift: null, groups: {groups} }}"
        places = {"stride": stride, "before": before, "after": after}
        scripts.append(
            f"(() => {{ const map = featureMap(given, learned({layer}, 5), {json.dumps(places)}, identity);"
            " return { shape: map.shape, values: [...map] }; })()"
        )
    found = said(f"[{', '.join(scripts)}]", f"{PRELUDE}\nconst given = {_array(given[0])};")
    for each, map_HW in zip(found, expected, strict=True):
        assert each["shape"] == list(map_HW.shape)
        torch.testing.assert_close(torch.tensor(each["values"], dtype=torch.float64).view_as(map_HW), map_HW)


def test_a_kernel_that_does_not_fit_makes_no_map_and_what_a_stride_leaves_is_told():
    places = "{ size: 9, stride: 1, before: 1, after: 1 }"
    assert said(f"outputSide(5, {places})", PRELUDE) == -1
    kernel = "{ size: 9, channels: [new Array(81).fill(1)], first: 0, bias: 0, scale: null, shift: null }"
    script = f"featureMap(array(new Array(25).fill(1), [1, 5, 5]), {kernel}, {places}, identity)"
    assert said(script, PRELUDE) is None
    assert said("unseen(28, { size: 3, stride: 2, before: 0, after: 0 })", PRELUDE) == 1


def test_a_unit_is_normalized_and_activated():
    module = torch.nn.GELU()
    table = curve(module, torch.linspace(-END, END, NUM_PLACES, dtype=torch.float64))[0]
    points = [-30.0, -3.017, -0.3, 0.0, 0.777, 2.5, 40.0]
    activation = f"{{ end: {END}, values: {json.dumps(table.tolist())} }}"
    found = said(
        f"{json.dumps(points)}.map((z) => activated(activation, z))", f"{PRELUDE}\nconst activation = {activation};"
    )
    expected = module(torch.tensor(points, dtype=torch.float64))
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), expected, atol=1e-5, rtol=0)
    kernel = "{ size: 1, channels: [[3], [2]], first: 0, bias: 1, scale: 0.5, shift: -1 }"
    script = f"unit(array([4, 5], [2, 1, 1]), {kernel}, {{ stride: 1, before: 0, after: 0 }}, 0, 0, identity)"
    assert said(script, PRELUDE) == {"sums": [12, 10], "z": 23, "normalized": 10.5, "value": 10.5}


def _array(tensor: Any) -> str:
    return f"array({json.dumps(tensor.flatten().tolist())}, {list(tensor.shape)})"
