"""Tables bundled with scikit-learn: Iris, Wine and Breast cancer, raw or scaled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from core.catalog.datasets.dataset import DataFacts, DataSet, Progress, Samples, Scale, no_progress, num_test_of
from core.catalog.datasets.features import Features
from core.catalog.registry import register

CELL = ("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity")
CELL += ("concave points", "symmetry", "fractal dimension")


Scaling = Annotated[
    Literal["raw", "min_max", "standardized"],
    Field(
        title="input scaling",
        description="raw: as measured; min_max: each column from 0 to 1; standardized: each column with mean 0 and "
        "standard deviation 1, all measured on the training split.",
    ),
]


class Table(DataSet):
    """A table with one row a sample. Scaling is fitted on the training split alone."""

    num_rows: ClassVar[int]
    smallest_class: ClassVar[int]
    """Rows of the rarest class outside the test split."""
    class_names: ClassVar[tuple[str, ...]]
    feature_names: ClassVar[tuple[str, ...]]

    scaling: Scaling = "standardized"

    def facts(self) -> DataFacts:
        return DataFacts(
            input_shape=(len(self.feature_names),),
            num_outputs=len(self.class_names),
            class_names=self.class_names,
            num_train_pool=self.num_rows - num_test_of(self.num_rows),
            num_validation=None,
            num_test=num_test_of(self.num_rows),
            bytes=self.num_rows * (4 * len(self.feature_names) + 8),
            feature_names=self.feature_names,
            smallest_class=self.smallest_class,
        )

    def bundled(self) -> Any:
        """scikit-learn's record with `data` and `target`."""
        raise NotImplementedError

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        table = self.bundled()
        return Samples(
            inputs=table.data.astype(np.float32),
            targets=table.target.astype(np.int64),
            scale=Scale() if self.scaling == "raw" else Scale(kind=self.scaling),
        )


@register
class Iris(Features, Table):
    """150 flowers, four lengths in cm, three species."""

    key: ClassVar[str] = "iris"
    more: ClassVar[bool] = True
    title: ClassVar[str] = "Iris"
    see: ClassVar[str] = "iris_textbook"
    why: ClassVar[str] = "Four inputs one can measure with a ruler, and a network small enough to draw every weight."
    choose: ClassVar[str] = "For the textbook network with 4 inputs and 5 hidden units."
    formula: ClassVar[str] = r"x \in \mathbb{R}^4 \text{ (cm)}, \quad y \in \{0, 1, 2\}"
    source: ClassVar[str] = "Fisher 1936, The Use of Multiple Measurements in Taxonomic Problems, table I"
    num_rows: ClassVar[int] = 150
    smallest_class: ClassVar[int] = 40
    class_names: ClassVar[tuple[str, ...]] = ("setosa", "versicolor", "virginica")
    feature_names: ClassVar[tuple[str, ...]] = (
        "sepal length (cm)",
        "sepal width (cm)",
        "petal length (cm)",
        "petal width (cm)",
    )

    def bundled(self) -> Any:
        from sklearn.datasets import load_iris

        return load_iris()


@register
class Wine(Features, Table):
    """178 wines, thirteen measurements from 0.13 to 1 680, three cultivars."""

    key: ClassVar[str] = "wine"
    more: ClassVar[bool] = True
    title: ClassVar[str] = "Wine"
    see: ClassVar[str] = "unscaled_inputs"
    why: ClassVar[str] = "One column counts in hundreds and another in tenths: unscaled, the large one drowns the rest."
    choose: ClassVar[str] = "To see what input scaling does to convergence."
    formula: ClassVar[str] = r"x \in \mathbb{R}^{13}, \quad x' = \frac{x - \mu}{s}, \quad y \in \{0, 1, 2\}"
    source: ClassVar[str] = "Aeberhard and Forina 1991, Wine, UCI repository"
    num_rows: ClassVar[int] = 178
    smallest_class: ClassVar[int] = 38
    class_names: ClassVar[tuple[str, ...]] = ("cultivar 1", "cultivar 2", "cultivar 3")
    feature_names: ClassVar[tuple[str, ...]] = (
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    )

    def bundled(self) -> Any:
        from sklearn.datasets import load_wine

        return load_wine()


@register
class BreastCancer(Features, Table):
    """569 cell samples, thirty measurements, two diagnoses."""

    key: ClassVar[str] = "breast_cancer"
    more: ClassVar[bool] = True
    title: ClassVar[str] = "Breast cancer"
    see: ClassVar[str] = "diagnosis"
    why: ClassVar[str] = "Thirty inputs of which many say the same: a real table on which fewer inputs do as well."
    choose: ClassVar[str] = "For a diagnosis from a table, and to ask which inputs matter."
    formula: ClassVar[str] = r"x \in \mathbb{R}^{30}, \quad x' = \frac{x - \mu}{s}, \quad y \in \{0, 1\}"
    source: ClassVar[str] = (
        "Street, Wolberg and Mangasarian 1993, Nuclear Feature Extraction for Breast Tumor Diagnosis"
    )
    num_rows: ClassVar[int] = 569
    smallest_class: ClassVar[int] = 170
    class_names: ClassVar[tuple[str, ...]] = ("malignant", "benign")
    feature_names: ClassVar[tuple[str, ...]] = (
        *(f"mean {name}" for name in CELL),
        *(f"{name} error" for name in CELL),
        *(f"worst {name}" for name in CELL),
    )

    def bundled(self) -> Any:
        from sklearn.datasets import load_breast_cancer

        return load_breast_cancer()
