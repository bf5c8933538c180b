"""Mistakes that a run can be made with, to be found by its instruments."""

from core.catalog.faults.fault import INSTRUMENTS, Fault, Instrument, Seen, Series
from core.catalog.faults.of_data import ClassOrder, LabelFlips, Leak, UnscaledInputs, WrongLabels
from core.catalog.faults.of_network import DeadRelu, EvaluationMode, SoftmaxOnTop, ZeroWeights
from core.catalog.faults.of_updates import DecayTimes100, RateTimes30
from core.catalog.faults.seal import NO_FAULT, acting, opened, sealed

__all__ = [
    "INSTRUMENTS",
    "NO_FAULT",
    "ClassOrder",
    "DeadRelu",
    "DecayTimes100",
    "EvaluationMode",
    "Fault",
    "Instrument",
    "LabelFlips",
    "Leak",
    "RateTimes30",
    "Seen",
    "Series",
    "SoftmaxOnTop",
    "UnscaledInputs",
    "WrongLabels",
    "ZeroWeights",
    "acting",
    "opened",
    "sealed",
]
