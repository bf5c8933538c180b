"""Messages: what is taken, what is refused, what survives the wire."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from core.errors import BadInput
from core.live.hub import Hub
from core.live.meta import Moment
from core.live.protocol import (
    BadMessage,
    Command,
    Seek,
    Subscribe,
    encode,
    has_text,
    moment,
    packed,
    parse,
    plain,
    refused,
)
from core.text import Text, untranslated

CHINESE = {"Start {n}": "开始 {n}", "epoch": "轮"}


def chinese(template: str) -> str:
    return CHINESE.get(template, template)


def unpacked(array: dict[str, Any]) -> np.ndarray:
    """What a browser makes of a packed array."""
    return np.frombuffer(base64.b64decode(array["data"]), dtype=array["dtype"]).reshape(array["shape"])


def message(**fields: object) -> str:
    return json.dumps(fields)


def test_a_position_is_read():
    text = message(type="subscribe", run="20250101-abc.1", lineage="0-x-1", rows={"update": 3, "evaluation": 1})
    assert parse(text) == Subscribe(
        type="subscribe", run="20250101-abc.1", lineage="0-x-1", rows={"update": 3, "evaluation": 1}
    )


def test_command_values_are_checked_by_kind():
    good = parse(message(type="command", number=1, run="a", kind="set", values={"lr": 1}))
    assert isinstance(good, Command)
    assert good.values == {"lr": 1.0}
    for kind, values in [
        ("set", {"lr": -1}),
        ("set", {"lr": "1"}),
        ("set", {}),
        ("pause", {"lr": 1}),
        ("extend", {"epochs": 0}),
        ("extend", {"epochs": 1.5}),
        ("pace", {"pace": "fast"}),
        ("delete", {}),
    ]:
        with pytest.raises(BadMessage):
            parse(message(type="command", number=1, run="a", kind=kind, values=values))
    for values in ('{"lr":NaN}', '{"optimizer.lr":NaN}', '{"regularizers":[{"key":"l2","strength":Infinity}]}'):
        with pytest.raises(BadMessage):
            parse('{"type":"command","number":1,"run":"a","kind":"set","values":' + values + "}")


def test_any_setting_may_be_named_by_its_path():
    values = {"optimizer.lr": 0.1, "regularizers.0.strength": 1e-3, "frozen": ["hidden.1"], "augmentations.0": None}
    read = parse(message(type="command", number=1, run="a", kind="set", values=values))
    assert isinstance(read, Command)
    assert read.values == values
    for path in ("", "../x", "a b", "optimizer..lr", "optimizer.lr\n", "__class__.x" * 40, "a.b.c.d.e.f.g.h.i"):
        with pytest.raises(BadMessage):
            parse(message(type="command", number=1, run="a", kind="set", values={path: 1}))
    with pytest.raises(BadMessage):
        parse(
            message(
                type="command", number=1, run="a", kind="set", values={f"a{chr(97 + n % 26)}.{n}": 1 for n in range(33)}
            )
        )


@pytest.mark.parametrize(
    "run", ["", "../etc/passwd", "a/b", ".hidden", "a b", "a\n", "a\x00", "ä", "a" * 81, "%2e%2e", "run\n"]
)
def test_ids_that_are_no_ids_are_refused(run: str):
    with pytest.raises(BadMessage):
        parse(message(type="subscribe", run=run))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "{",
        "1e999",
        '{"type":"subscribe"}',
        '{"type":"subscribe","run":"a","more":1}',
        '{"type":"subscribe","run":"a","rows":{"update":-1}}',
        '{"type":"subscribe","run":"a","rows":{"else":1}}',
        '{"type":"hello","token":5}',
        '{"type":"nothing"}',
        "[" * 3000,
        " " * 5000 + '{"type":"pause"}',
    ],
)
def test_what_is_no_message_is_refused(text: str):
    with pytest.raises(BadMessage):
        parse(text)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_arrays_survive_with_shape_and_type(dtype: str):
    array = np.arange(6, dtype=dtype).reshape(2, 3)
    back = unpacked(packed(array))
    assert back.dtype == dtype
    assert np.array_equal(back, array)


def test_other_types_become_what_a_browser_has():
    assert unpacked(packed(np.array([1, 2**40]))).tolist() == [1, 2**40]
    assert unpacked(packed(np.array([True, False]))).tolist() == [1, 0]


def test_nan_and_infinity_survive_in_series():
    hub = Hub()
    hub.open("a", {"state": "running", "seconds_left": float("nan")})
    hub.append("a", 0, "update", [1, 2, 3], {"lr": [np.nan, np.inf, -np.inf]}, [1.0, 2.0, 3.0])
    reading = hub.read("a")
    assert reading is not None
    sent = json.loads(encode(reading, untranslated, measure=False))
    values = unpacked(sent["series"]["update"]["lr"]["values"])
    assert np.array_equal(values, np.array([np.nan, np.inf, -np.inf], dtype="f4"), equal_nan=True)
    assert sent["meta"]["seconds_left"] is None


def test_an_increment_names_its_first_row_and_has_stamps_only_when_asked_for():
    hub = Hub()
    hub.open("a", {})
    hub.append("a", 0, "update", [1], {"lr": [0.1]}, [5.0])
    first = hub.read("a")
    assert first is not None
    hub.append("a", 0, "update", [2], {"lr": [0.2]}, [6.0])
    second = hub.read("a", first.position)
    assert second is not None
    sent = json.loads(encode(second, untranslated, measure=True))
    assert sent["type"] == "more"
    assert sent["first_rows"] == {"update": 1, "evaluation": 0, "curvature": 0}
    assert unpacked(sent["blocks"]["update"]["stamps"]).tolist() == [6.0]
    assert json.loads(encode(second, untranslated, measure=False))["blocks"]["update"]["stamps"] is None


def test_texts_are_put_into_the_readers_language_wherever_they_stand():
    value = {"a": [Text("Start {n}", n=3), {"b": Text("epoch")}], "c": np.float64(2.5), "d": np.int64(3)}
    assert plain(value, chinese) == {"a": ["开始 3", {"b": "轮"}], "c": 2.5, "d": 3}
    assert plain(value, untranslated)["a"][0] == "Start 3"
    assert has_text(value)
    assert not has_text({"a": [1, {"b": "words"}]})


def test_a_refusal_has_three_sentences_in_the_readers_language():
    sent = json.loads(refused(4, BadInput(Text("Start {n}", n=1), Text("why"), Text("epoch")), chinese))
    assert sent == {"type": "refused", "number": 4, "what": "开始 1", "why": "why", "fix": "轮"}


def test_a_question_of_a_replay_is_read_and_its_answer_survives_the_wire():
    assert parse(message(type="seek", number=1, run="a", step=7)) == Seek(type="seek", number=1, run="a", step=7)
    for step in (-1, 1.5, "7", None):
        with pytest.raises(BadMessage):
            parse(message(type="seek", number=1, run="a", step=step))
    values = np.array([0.5, np.nan, -np.inf], dtype=np.float32)
    row = {"step": 6, "names": ("a", "b", "c"), "values": values}
    there = Moment(7, {"fit": {"caption": Text("epoch")}}, {"text": Text("Start {n}", n=1)}, {"update": row})
    sent = json.loads(moment(3, there, chinese))
    assert (sent["type"], sent["number"], sent["step"]) == ("moment", 3, 7)
    assert (sent["status"]["text"], sent["pictures"]["fit"]["caption"]) == ("开始 1", "轮")
    assert sent["rows"]["update"]["names"] == ["a", "b", "c"]
    np.testing.assert_array_equal(unpacked(sent["rows"]["update"]["values"]), values)
