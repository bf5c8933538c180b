"""One convolution block: convolution, normalization, activation, pooling; its sizes, and why a size is impossible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_serializer

from core.catalog.activations import AnyActivation
from core.catalog.architectures.normalization import GroupsField, Normalization
from core.catalog.entry import Entry, Usual
from core.catalog.registry import bad_field
from core.errors import BadInput, shown
from core.text import Text

MAX_PADDING = 62


def parse_padding(value: Any) -> Any:
    """Padding by name or as a number of pixels; BadInput otherwise."""
    if value in ("valid", "same") or (
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_PADDING
    ):
        return value
    raise BadInput(
        Text("The padding is {value}.", value=shown(value)),
        Text("Padding adds a frame of zeros around the input, or none."),
        Text("Use valid, same, or a number of pixels from 0 to {high}.", high=MAX_PADDING),
    )


class Block(Entry):
    """The settings of one block. It is no entry of its own: it lives in the list `blocks` of a network."""

    title: ClassVar[str] = "a convolution block"
    one_more: ClassVar[Mapping[str, Any]] = {"stride": 1, "padding": "same", "pooling": "none"}

    channels: Annotated[
        int,
        Field(ge=1, le=4096, title="channels", description="Number of kernels, and so of feature maps that come out."),
        Usual(8, 128, "log", reason="A block has at least one kernel, and 4 096 is more than any memory here holds."),
    ] = 32
    kernel: Annotated[
        int,
        Field(ge=1, le=63, title="kernel", description="Side of the patch that one kernel sees, in pixels."),
        Usual(1, 7, "linear", reason="A kernel is at least 1 pixel wide; above 63 it is a dense layer."),
    ] = 3
    stride: Annotated[
        int,
        Field(ge=1, le=63, title="stride", description="Pixels from one patch to the next; 2 halves the size."),
        Usual(1, 3, "linear", reason="With a stride of 0 the kernel would never move on."),
    ] = 1
    padding: Annotated[
        Literal["valid", "same"] | Annotated[int, Field(ge=0, le=MAX_PADDING)],
        BeforeValidator(parse_padding),
        Field(
            title="padding",
            description="Zeros around the input: none (valid), as many as keep the size (same), or a number of them.",
        ),
    ] = "valid"
    pooling: Annotated[
        Literal["none", "max", "average"],
        Field(title="pooling", description="What is kept of each window of the feature map: its maximum or average."),
    ] = "none"
    pool_window: Annotated[
        int,
        Field(ge=1, le=63, title="pooling window", description="Side of the window that becomes one value."),
        Usual(2, 4, "linear", reason="A window is at least 1 pixel wide."),
    ] = 2
    pool_stride: Annotated[
        int | None,
        Field(ge=1, le=63, title="pooling stride", description="Pixels between windows; empty is the window's side."),
        Usual(1, 4, "linear", reason="With a stride of 0 the window would never move on."),
    ] = None
    normalization: Annotated[
        Normalization | None,
        Field(title="normalization", description="Normalization after this convolution; empty is the network's."),
    ] = None
    groups: GroupsField = 8
    activation: Annotated[
        AnyActivation | None,
        Field(title="activation", description="Activation of this block; empty is the network's."),
    ] = None

    @model_serializer(mode="wrap")
    def _with_key(self, handler: Any) -> dict[str, Any]:
        return handler(self)

    def build(self) -> None:
        """A block is built by its network."""

    def padded(self, padding: Literal["valid", "same"]) -> Block:
        """The same block with another padding."""
        return self.model_copy(update={"padding": padding})

    @property
    def padding_sides(self) -> tuple[int, int]:
        """Zeros before and after, along each axis; an even kernel with "same" has one more after."""
        if self.padding == "valid":
            return 0, 0
        if self.padding == "same":
            return (self.kernel - 1) // 2, self.kernel - 1 - (self.kernel - 1) // 2
        return int(self.padding), int(self.padding)

    @property
    def window_stride(self) -> int:
        """Pixels between pooling windows."""
        return self.pool_window if self.pool_stride is None else self.pool_stride

    @property
    def keeps_sides(self) -> bool:
        """Whether every size comes out as it went in."""
        return self.stride == 1 and self.pooling == "none" and sum(self.padding_sides) == self.kernel - 1

    def convolved(self, side: int) -> int:
        """Side after the convolution: ⌊(n + padding − kernel) / stride⌋ + 1; 0 or less is impossible."""
        return (side + sum(self.padding_sides) - self.kernel) // self.stride + 1

    def pooled(self, side: int) -> int:
        """Side after the pooling: ⌊(n − window) / stride⌋ + 1."""
        return side if self.pooling == "none" else (side - self.pool_window) // self.window_stride + 1


def parse_blocks(value: Any) -> Any:
    """Blocks from a list of objects; BadInput names the block."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not 1 <= len(value) <= 50:
        raise BadInput(
            Text("The blocks of a CNN are {value}.", value=shown(value)),
            Text("They are a list of 1 to 50 objects, one for each convolution block."),
            Text("Write for example {example}.", example='[{"channels": 32, "kernel": 3, "pooling": "max"}]'),
        )
    blocks = []
    for number, item in enumerate(value, start=1):
        if not isinstance(item, Block):
            try:
                if not isinstance(item, Mapping):
                    raise BadInput(
                        Text("{value} is no block.", value=shown(item)),
                        Text("A block is an object with its settings."),
                        Text("Its fields: {known}.", known=", ".join(Block.model_fields)),
                    )
                item = Block(**item)
            except ValidationError as error:
                raise in_block(number, bad_field(Block, error)) from None
            except BadInput as error:
                raise in_block(number, error) from None
        blocks.append(item)
    return tuple(blocks)


def in_block(number: int, error: BadInput) -> BadInput:
    """The same error, with the number of the block in front."""
    return BadInput(Text("Block {number}: {what}", number=number, what=error.what), error.why, error.fix)
