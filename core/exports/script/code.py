"""How a catalogue entry is written as plain PyTorch: one generic function, with a rule for each entry that has one."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from core.errors import Refused
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.entry import Entry
    from core.experiment import Experiment


@singledispatch
def code(entry: Entry, experiment: Experiment) -> str:
    """The entry as Python code; Refused, naming it, where it has no such form.

    What the code gives depends on the family: data sets set `inputs` and `targets`, architectures `model`;
    initializers fill one `layer`; activations and optimizers are expressions; losses set `loss`; schedules are the body
    of a function of `step`; regularizers are statements between the gradient and the update, or nothing.
    """
    raise refusal(Text(entry.title))


def refusal(name: Text) -> Refused:
    """What is said of a part of an experiment that no script holds."""
    return Refused(
        Text("An experiment with “{name}” cannot be written as a plain script.", name=name),
        Text("A script holds only what takes a few lines of PyTorch."),
        Text("Leave it out, or pass on the link: it rebuilds the whole experiment in this program."),
    )
