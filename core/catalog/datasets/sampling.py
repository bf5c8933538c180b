"""Which samples of a data set train, and with which labels: the fields of an experiment that say so."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.catalog.entry import Usual

SplitSeed = Annotated[
    int,
    Field(ge=0, lt=2**63, title="split seed", description="Draws which samples train and which validate."),
    Usual(0, 20, more=True),
]
TestSeed = Annotated[
    int,
    Field(
        ge=0,
        lt=2**63,
        title="test set",
        description="Which samples are sealed as test set: 0 the first ones, any other number those of a fresh test "
        "set that a teacher has dealt.",
    ),
    Usual(0, 20, more=True),
]
ValidationFraction = Annotated[
    float,
    Field(
        gt=0,
        lt=1,
        title="validation share",
        description="Share of the samples outside the test set that measure instead of train.",
    ),
    Usual(0.05, 0.5, more=True, reason="Both a training and a validation set are needed."),
]
NumFolds = Annotated[
    int | None,
    Field(
        ge=2,
        title="folds",
        description="The samples are divided into so many parts of equal size, one of which validates; without a "
        "number the validation share is drawn. As many folds as samples leave one out.",
    ),
    Usual(3, 10, more=True, reason="One part validates, and at least one other trains."),
]
Fold = Annotated[
    int,
    Field(ge=1, title="fold that validates", description="Which of the folds validates; the others train."),
    Usual(1, 10, more=True),
]
TrainSize = Annotated[
    int | None,
    Field(ge=1, title="training samples", description="How many of the training samples are used; all by default."),
    Usual(20, 5000, "log", unit="samples"),
]
Sampling = Annotated[
    Literal["stratified", "balanced", "random"],
    Field(
        title="sampling",
        description="How training samples are taken: stratified: every class keeps its share; balanced: all classes "
        "have as many, so the larger ones lose samples; random: as the draw falls, so that a small set may have other "
        "shares.",
    ),
]
LabelNoise = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        title="label noise",
        description="Share of the labels that are replaced by another class, drawn by the split seed.",
    ),
    Usual(0, 0.5, more=True, reason="A share lies between 0 (every label is true) and 1 (every label is wrong)."),
]
NoisySplits = Annotated[
    Literal["training", "both"],
    Field(
        title="where labels are wrong",
        description="training: validation keeps its true labels, so its error says how well the truth was learned; "
        "both: validation is as noisy, as it would be if nobody had checked the labels.",
    ),
]
