"""What the Gradients page asks for: pairs of networks before training and smaller pictures, as records and as links.

Nothing here imports torch: the page reads and checks its choices before anything is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from core.catalog.registry import entries
from core.errors import BadInput, shown
from core.experiment import Experiment
from core.json_input import read_value
from core.studies.comparison import Comparison
from core.text import Text, Translate, untranslated

FIRST_WEIGHTS: dict[str, dict[str, Any]] = {
    "framework": {"key": "framework"},
    "he": {"key": "he"},
    "he_2": {"key": "he", "gain": 2.0},
    "xavier": {"key": "xavier"},
    "orthogonal": {"key": "orthogonal"},
    "small": {"key": "normal", "sigma": 0.01},
}
"""First weights to choose from."""
CURES_IN_TRAINING = (
    (Text("clipped"), [{"key": "clip_norm"}]),
    (Text("L2 penalty"), [{"key": "l2", "strength": 0.001}]),
)
"""What acts from one update to the next and so shows nothing before training: what a network with it is called."""
MOST_DEPTH = 60


def _one_of(names: Callable[[], Collection[str]]) -> Callable[[str], str]:
    def checked(value: str) -> str:
        if value not in names():
            raise ValueError
        return value

    return checked


Depth = Annotated[int, Field(ge=1, le=MOST_DEPTH)]
Activation = Annotated[str, AfterValidator(_one_of(lambda: entries("activations")))]
FirstWeights = Annotated[str, AfterValidator(_one_of(lambda: FIRST_WEIGHTS))]


class Asked(BaseModel):
    """Something that can be computed for the page. BadInput says what is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def of(cls, values: Mapping[str, Any], prefix: str = "") -> Self:
        """The record with these values; what is wrong is named behind `prefix`."""
        try:
            return cls(**values)
        except ValidationError as error:
            problem = error.errors()[0]
            raise BadInput(
                Text("{name} is {value}.", name=f"{prefix}{problem['loc'][0]}"[:80], value=shown(problem.get("input"))),
                Text("That is not among the choices of this page."),
                Text("Choose a value that its control offers."),
            ) from None

    def to_url(self, prefix: str) -> dict[str, str]:
        """Query parameters, only what differs from the usual: `left.depth=60`."""
        return {
            f"{prefix}.{name}": f"{value}".lower() if isinstance(value, bool) else f"{value}"
            for name, value in self
            if value != type(self).model_fields[name].default
        }

    @classmethod
    def from_url(cls, prefix: str, query: Mapping[str, str]) -> Self:
        """The record of a link."""
        start = f"{prefix}."
        named = {name.removeprefix(start): text for name, text in query.items() if name.startswith(start)}
        return cls.of({name: read_value(text) for name, text in named.items()}, start)


class Network(Asked):
    """A multilayer perceptron on the digits; `first_weights` is one of FIRST_WEIGHTS."""

    depth: Depth = 20
    width: Annotated[int, Field(ge=4, le=256)] = 64
    activation: Activation = "sigmoid"
    first_weights: FirstWeights = "xavier"
    normalization: Literal["none", "batch", "layer"] = "none"
    residual: bool = False

    def architecture(self) -> dict[str, Any]:
        """Its fields in an experiment."""
        return {
            "hidden_layers": self.depth,
            "width": self.width,
            "activation": self.activation,
            "normalization": self.normalization,
            "residual": self.residual,
        }


class Shared(Asked):
    """What both networks have in common: the factor on the inputs, the learning rate of plain SGD, the seed."""

    input_scale: Annotated[float, Field(gt=0, le=1000)] = 1.0
    lr: Annotated[float, Field(gt=0, le=100)] = 0.05
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Pair(Asked):
    """Two networks and what they share."""

    left: Network = Network()
    right: Network = Network(activation="relu", first_weights="he")
    shared: Shared = Shared()

    @property
    def networks(self) -> tuple[Network, Network]:
        """Both, left first."""
        return self.left, self.right

    def experiment(self, network: Network) -> Experiment:
        """One network as an experiment: the digits, plain SGD, errors twice an epoch as deep networks are slow."""
        return Experiment.from_json(
            {
                "architecture": {"key": "mlp", **network.architecture()},
                "initializer": FIRST_WEIGHTS[network.first_weights],
                "optimizer": {"key": "sgd", "lr": self.shared.lr},
                "seed": self.shared.seed,
                "evaluate_every": 9,
            }
        )

    def comparison(self, translate: Translate = untranslated, *, with_cures: bool = False) -> Comparison:
        """What trains both, each from the very weights that are looked at. BadInput where they are the same.

        `with_cures`: also each of them with every one of CURES_IN_TRAINING.
        """
        settings = [
            {f"architecture.{name}": value for name, value in network.architecture().items()}
            | {"initializer": FIRST_WEIGHTS[network.first_weights]}
            for network in self.networks
        ]
        differing = [name for name in settings[0] if settings[0][name] != settings[1][name]]
        cures: list[tuple[Text | None, dict[str, Any]]] = [(None, {})]
        if with_cures:
            cures = [(name, {"regularizers": cure}) for name, cure in ((None, []), *CURES_IN_TRAINING)]
        variants = []
        for cure, extra in cures:
            for network, values in zip((Text("left network"), Text("right network")), settings, strict=True):
                name = network if cure is None else Text("{network}, {cure}", network=network, cure=cure)
                changes = {field: values[field] for field in differing} | extra
                variants.append({"name": name.render(translate), "changes": changes})
        return Comparison.from_json({"base": self.experiment(self.left), "variants": variants, "rates": "same"})


class Felt(Asked):
    """The weights of `changed` times `factor`: what layer `feels` is given, with and without batch normalization."""

    changed: Depth = 3
    feels: Depth = 10
    factor: Annotated[float, Field(ge=0.1, le=10)] = 1.5
    activation: Activation = "relu"
    first_weights: FirstWeights = "he"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class ThroughTime(Asked):
    """A recurrent network of each kind over so many time steps."""

    length: Annotated[int, Field(ge=8, le=200)] = 50
    forget_bias: Annotated[float, Field(ge=-3, le=6)] = 1.0
    units: Annotated[int, Field(ge=4, le=128)] = 32
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Clipped(Asked):
    """Six layers with He's first weights doubled, which explode, trained without and with a limit on the norm."""

    limit: Annotated[float, Field(gt=0, le=1000)] = 1.0
    lr: Annotated[float, Field(gt=0, le=10)] = 0.1
    updates: Annotated[int, Field(ge=10, le=200)] = 60
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def experiment(self, *, clips: bool) -> Experiment:
        """What is trained."""
        pair = Pair(shared=Shared(lr=self.lr, seed=self.seed))
        exploding = pair.experiment(Network(depth=6, activation="relu", first_weights="he_2"))
        return exploding.replace(regularizers=[{"key": "clip_norm", "max_norm": self.limit}]) if clips else exploding

    def comparison(self, translate: Translate = untranslated) -> Comparison:
        """What trains both to the end."""
        limited = self.experiment(clips=True).to_json()["regularizers"]
        variants = [
            {"name": Text("without clipping").render(translate), "changes": {"regularizers": []}},
            {"name": Text("clipped").render(translate), "changes": {"regularizers": limited}},
        ]
        return Comparison.from_json({"base": self.experiment(clips=False), "variants": variants, "rates": "same"})


OBJECTIVES: dict[str, tuple[str, ...]] = {
    "both": ("autoencoding", "supervised"),
    "autoencoding": ("autoencoding",),
    "supervised": ("supervised",),
}
"""What pre-trained layers learn to, by the choice of it."""


class Pretrained(Asked):
    """One network, pre-trained layer by layer for `share` of the run and fine-tuned after it, beside end to end.

    Both sides take one gradient an update, of one layer or of the whole network, and so equally many.
    """

    depth: Depth = 5
    width: Annotated[int, Field(ge=4, le=256)] = 64
    activation: Activation = "sigmoid"
    first_weights: FirstWeights = "xavier"
    objective: Literal["both", "autoencoding", "supervised"] = "both"
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    lr: Annotated[float, Field(gt=0, le=100)] = 0.3
    epochs: Annotated[int, Field(ge=1, le=200)] = 20
    seeds: Annotated[int, Field(ge=1, le=12)] = 3
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def regularizers(self, objective: str) -> list[dict[str, Any]]:
        """What pre-trains the layers; with the usual share as the prepared comparison says it, names and all."""
        share = {} if self.share == type(self).model_fields["share"].default else {"share": self.share}
        return [{"key": "pretraining", "objective": objective, **share}]

    def experiment(self) -> Experiment:
        """The network end to end: the digits in batches of 32, momentum."""
        network = Network(depth=self.depth, width=self.width, activation=self.activation)
        return Experiment.from_json(
            {
                "architecture": {"key": "mlp", **network.architecture()},
                "initializer": FIRST_WEIGHTS[self.first_weights],
                "optimizer": {"key": "momentum", "lr": self.lr},
                "batch_size": 32,
                "epochs": self.epochs,
                "evaluate_every": 9,
                "seed": self.seed,
            }
        )

    def comparison(self, translate: Translate = untranslated) -> Comparison:
        """What trains all of them, with paired seeds. BadInput where there are fewer updates than layers."""
        names = {
            "autoencoding": Text("auto-encoding first"),
            "supervised": Text("supervised first"),
        }
        variants = [{"name": Text("end to end").render(translate), "changes": {"regularizers": []}}]
        for objective in OBJECTIVES[self.objective]:
            changes = {"regularizers": self.regularizers(objective)}
            variants.append({"name": names[objective].render(translate), "changes": changes})
        made = Comparison.from_json(
            {"base": self.experiment(), "variants": variants, "rates": "hand", "seeds": self.seeds}
        )
        made.check()
        return made
