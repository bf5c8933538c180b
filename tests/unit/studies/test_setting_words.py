"""What settings, their values and the variants of a comparison are called, in any language."""

from __future__ import annotations

from typing import Any

import pytest

from core import strict_json
from core.experiment import Experiment
from core.exports.tables import flat_settings
from core.language import translator
from core.studies.comparison_presets import comparison_presets
from core.studies.setting_words import setting_title, settings_of_its_own, value_words
from core.studies.variant import Variant, named_apart

zh = translator("zh")


def variant(changes: dict[str, Any], name: str = "") -> Variant:
    return Variant.from_json({"name": name, "changes": changes})


@pytest.mark.parametrize(
    ("changes", "english", "chinese"),
    [
        ({"optimizer": "momentum"}, "momentum", "动量"),
        ({"optimizer": {"key": "sgd", "lr": 0.1}}, "SGD 0.1", "SGD 0.1"),
        ({"optimizer.lr": 0.01}, "learning rate 0.01", "学习率 0.01"),
        ({"optimizer.lr": 0.01, "batch_size": 8}, "batch size 8, learning rate 0.01", "批量大小 8, 学习率 0.01"),
        ({"regularizers": []}, "no regularizer", "无正则化"),
        ({"regularizers": "l2,dropout"}, "L2 + dropout", "L2 + 丢弃法"),
        ({"architecture.activation": "relu"}, "ReLU", "ReLU"),
        ({"augmentations": [{"key": "noise", "std": 0.1}]}, "Gaussian noise 0.1", "高斯噪声 0.1"),
        ({"schedule": "plateau"}, "reduce on plateau", "平台期降低"),
        ({"initializer": None}, "as the activation wants", "由激活函数决定"),
        ({"seed": 3}, "seed 3", "随机种子 3"),
        ({"train_size": None}, "training samples all", "训练样本数 全部"),
        ({"optimizer": "nothing"}, "optimizer nothing", "优化器 nothing"),
        ({}, "base", "基准"),
    ],
)
def test_a_variant_without_a_name_is_called_after_what_it_changes(changes: dict[str, Any], english: str, chinese: str):
    made = variant(changes)
    assert made.name == str(made.text) == english
    assert made.text.render(zh) == chinese


def test_a_name_that_somebody_typed_stays_as_it_is():
    for name in ("constant", "mine {0}", "no augmentation", "SGD (2)"):
        assert variant({"batch_size": 8}, name).text.render(zh) == name


def test_the_second_of_two_with_one_name_is_told_apart_in_any_language():
    twins = named_apart([variant({"optimizer": "momentum"}), variant({"optimizer": "momentum"})])
    assert [twin.text.render(zh) for twin in twins] == ["动量", "动量（2）"]


def test_the_names_of_prepared_variants_are_told_in_the_readers_language():
    prepared = comparison_presets()["augmentation_500"].comparison()
    assert [variant.text.render(zh) for variant in prepared.variants] == ["无数据增强", "旋转、缩放、平移", "镜像"]


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("optimizer", "optimizer"),
        ("optimizer.lr", "learning rate"),
        ("batch_size", "batch size"),
        ("regularizers", "regularizer"),
        ("regularizers.0.strength", "strength"),
        ("architecture.blocks.0.kernel", "kernel"),
    ],
)
def test_a_setting_has_a_title_and_no_code_name(path: str, title: str):
    assert str(setting_title(path)) == title


def test_values_of_settings_are_told_by_their_titles():
    assert str(value_words("optimizer", "sgd")) == "SGD"
    assert str(value_words("regularizers", "l2,dropout")) == "L2 + dropout"
    assert str(value_words("loss", "")) == "as the data set wants"
    assert str(value_words("train_size", "")) == "all"
    assert [str(value_words(path, "")) for path in ("regularizers", "optimizer.momentum")] == ["none", "–"]
    assert str(value_words("optimizer.lr", "0.1")) == "0.1"


@pytest.mark.parametrize(
    ("path", "value", "english", "chinese"),
    [
        ("architecture.answer", "token", "token", "词元"),
        ("architecture.residual", "true", "on", "开"),
        ("regularizers.0.biases", "false", "off", "关"),
        ("optimizer.line_search", "strong_wolfe", "strong wolfe", "strong wolfe"),
    ],
)
def test_switches_and_words_are_told_in_the_readers_language(path: str, value: str, english: str, chinese: str):
    words = value_words(path, value)
    assert (str(words), words.render(zh)) == (english, chinese)


def test_settings_of_its_own_are_those_of_one_experiment_and_not_what_its_own_entries_consist_of():
    base = Experiment()
    other = Experiment.from_json({"schedule": "cosine", "batch_size": 32, "regularizers": ["l2"]})
    assert str(settings_of_its_own(base, other)) == "regularizer none, schedule constant, batch size 64"
    assert str(settings_of_its_own(other, base)) == "regularizer L2, schedule cosine, batch size 32"
    assert settings_of_its_own(base, base) is None


def test_blocks_are_told_by_what_they_change():
    network = {"key": "cnn", "blocks": [{"channels": 8, "stride": 2, "padding": "same"}, {"padding": "same"}]}
    value = flat_settings(Experiment.from_json({"architecture": network}))["architecture.blocks"]
    assert str(value_words("architecture.blocks", value)) == "channels 8 32, stride 2 1, padding same"
    blocks = [{"pooling": "max", "activation": "tanh"}, {"pooling": "average", "activation": None}]
    words = value_words("architecture.blocks", strict_json.dumps(blocks))
    assert str(words) == "channels 32 32, pooling max / average, activation tanh / –"
    assert words.render(zh) == "通道数 32 32, 池化 最大 / 平均, 激活函数 tanh / –"
