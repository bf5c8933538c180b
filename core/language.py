"""The reader's language: English is the templates themselves, others are gettext catalogs under `assets/locale/`."""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from core.errors import BadInput
from core.text import Text, Translate, untranslated

LANGUAGES: dict[str, str] = {"en": "English", "zh": "中文"}
"""Name of each language in itself, by its code in `?lang=`."""

LOCALE_FOLDER = Path(__file__).resolve().parents[1] / "assets" / "locale"

GLOSSARY: dict[str, str] = {
    "训练集": "training set",
    "验证集": "validation set",
    "测试集": "test set",
    "封存": "sealed",
    "已污染": "contaminated",
    "错误率": "error rate",
    "准确率": "accuracy",
    "相对误差": "relative error",
    "均方误差": "mean squared error",
    "损失": "loss",
    "交叉熵": "cross-entropy",
    "惩罚项": "penalty",
    "泛化差距": "generalization gap",
    "泛化": "generalization",
    "欠拟合": "underfitting",
    "过拟合": "overfitting",
    "交叉验证": "cross-validation",
    "正则化": "regularization",
    "权重衰减": "weight decay",
    "丢弃法": "dropout",
    "提前停止": "early stopping",
    "批量归一化": "batch normalization",
    "标准化": "standardization",
    "学习率": "learning rate",
    "学习率调度": "learning-rate schedule",
    "动量": "momentum",
    "一次更新": "update",
    "轮": "epoch",
    "批量大小": "batch size",
    "梯度消失": "vanishing gradient",
    "梯度爆炸": "exploding gradient",
    "梯度裁剪": "gradient clipping",
    "鞍点": "saddle point",
    "平稳段": "plateau",
    "局部极小": "local minimum",
    "极小": "minimum",
    "损失曲面": "loss surface",
    "曲率": "curvature",
    "激活函数": "activation function",
    "全连接层": "dense layer",
    "循环神经网络": "recurrent neural network",
    "卷积核": "kernel",
    "步幅": "stride",
    "填充": "padding",
    "池化": "pooling",
    "感受野": "receptive field",
    "特征图": "feature map",
    "数据增强": "augmentation",
    "扰动": "perturbation",
    "随机种子": "seed",
}
"""The Chinese terms whose English name stands behind their first use on a page: exams and papers need both."""


def catalog_file(lang: str) -> Path:
    """Where the translations of a language are kept."""
    return LOCALE_FOLDER / lang / "LC_MESSAGES" / "saddlepoint.po"


@cache
def translator(lang: str) -> Translate:
    """The function that gives a template in a language, and the English template where it has no translation.

    Raises BadInput for a language that is not one of LANGUAGES.
    """
    if lang not in LANGUAGES:
        raise BadInput(
            Text("There is no language “{lang}”.", lang=lang),
            Text("The texts exist in some languages only."),
            Text("There are: {known}.", known=", ".join(LANGUAGES)),
        )
    if lang == "en":
        return untranslated
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with catalog_file(lang).open("rb") as file:
        catalog = read_po(file, locale=lang, domain="saddlepoint", abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    translations = gettext.GNUTranslations(compiled)

    def translate(template: str) -> str:
        """The translation; gettext keeps the catalog's header under the empty template."""
        return translations.gettext(template) if template else ""

    return translate


def best_language(preferred: str | None) -> str:
    """The first language we have among those wished for: a tag ("zh-CN") or an Accept-Language header; else English."""
    wishes: list[tuple[float, str]] = []
    for part in (preferred or "").split(","):
        tag, _, parameters = part.partition(";")
        code = tag.strip().replace("_", "-").split("-")[0].lower()
        quality = parameters.strip().removeprefix("q=").strip()
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0 and code in LANGUAGES:
            wishes.append((weight, code))
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else "en"
