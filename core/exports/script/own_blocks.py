"""Blocks of networks as scripts write them, by their names."""

from __future__ import annotations

RESIDUAL_BLOCK = '''\
class ResidualBlock(nn.Module):
    """Two convolutions, what came in added, the activation."""

    def __init__(self, first, second, activation):
        super().__init__()
        self.first, self.second, self.activation = first, second, activation

    def forward(self, x):
        y = self.second(self.first(x))
        stride = self.first[0].stride[0]
        if stride > 1:  # every stride-th pixel ..
            x = x[(..., *[slice(None, None, stride)] * (x.dim() - 2))]
        missing = y.shape[1] - x.shape[1]
        if missing:  # .. and zeros for the channels that it lacks
            x = functional.pad(x, (0, 0) * (x.dim() - 2) + (missing // 2, missing - missing // 2))
        return self.activation(y + x)


'''

SQUEEZE_EXCITE = '''\
class SqueezeExcite(nn.Module):
    """Each feature map times a factor between 0 and 1, made of the averages of all of them."""

    def __init__(self, channels, squeezed):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, squeezed), nn.Linear(squeezed, channels)

    def forward(self, x):
        factors = self.excite(self.squeeze(x.flatten(2).mean(2)).relu()).sigmoid()
        return x * factors[(..., *[None] * (x.dim() - 2))]


'''

STEPS = '''\
class Steps(nn.Module):
    """Images and signals as sequences: a row of pixels, or a value of each channel, a step."""

    def forward(self, x):
        return x.transpose(1, 2).flatten(2)


'''

RECURRENT = '''\
from types import SimpleNamespace
class Recurrent(nn.Module):
    """The states of a recurrent layer after each step."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def forward(self, x):
        return self.steps(x)[0]


def dense_parts(layer):
    """The linear layers that a layer is made of: a recurrent one has two for each gate, of the input and the state."""
    if isinstance(layer, nn.Linear):
        yield layer
    if isinstance(layer, Recurrent):
        steps = layer.steps
        for kind in ("ih", "hh"):
            weights, biases = (
                getattr(steps, f"{name}_{kind}_l0").data.split(steps.hidden_size) for name in ("weight", "bias")
            )
            yield from (SimpleNamespace(weight=weight, bias=bias) for weight, bias in zip(weights, biases))


'''

LAST = '''\
class Last(nn.Module):
    """The state after the last step."""

    def forward(self, x):
        return x[:, -1]


'''

FIRST = '''\
class First(nn.Module):
    """The first token, which is the class token."""

    def forward(self, x):
        return x[:, 0]


'''

MEAN = '''\
class Mean(nn.Module):
    """The mean of all states or tokens."""

    def forward(self, x):
        return x.mean(1)


'''

PATCHES = '''\
class Patches(nn.Module):
    """Images or signals cut into patches, each one a token, and where each stands."""

    def __init__(self, patch, fan_in, width, num_tokens, position, has_class_token):
        super().__init__()
        self.patch, self.waves = patch, None
        self.projection = nn.Linear(fan_in, width)
        self.token = nn.Embedding(1, width) if has_class_token else None
        self.position = nn.Embedding(num_tokens, width) if position == "learned" else None
        if position == "sinusoidal":
            frequencies = 10_000.0 ** (torch.arange(0, width, 2, dtype=torch.float32) / -width)
            angles = torch.arange(num_tokens, dtype=torch.float32).unsqueeze(1) * frequencies
            self.waves = torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :width]

    def forward(self, x):
        if x.dim() == 3:
            x = x.unflatten(2, (-1, self.patch)).transpose(1, 2).flatten(2)
        else:
            x = x.unflatten(3, (-1, self.patch)).unflatten(2, (-1, self.patch))
            x = x.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        x = self.projection(x)
        if self.token is not None:
            x = torch.cat([self.token.weight.expand(len(x), 1, -1), x], 1)
        if self.position is not None:
            return x + self.position.weight
        return x if self.waves is None else x * x.shape[2] ** 0.5 + self.waves


'''

ENCODER = '''\
class Encoder(nn.Module):
    """Self-attention, then two dense layers for each token; both on normalized values, both with a shortcut."""

    def __init__(self, width, heads, wide, activation, dropout=None):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.queries_keys_values = nn.LayerNorm(width), nn.Linear(width, 3 * width)
        self.mixed, self.dense_norm = nn.Linear(width, width), nn.LayerNorm(width)
        self.wide, self.activation, self.narrow = nn.Linear(width, wide), activation, nn.Linear(wide, width)
        self.dropout = dropout

    def forward(self, x):
        parts = self.queries_keys_values(self.attention_norm(x)).chunk(3, 2)
        heads = functional.scaled_dot_product_attention(
            *(part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts)
        )
        x = x + self.mixed(heads.transpose(1, 2).flatten(2))
        wide = self.activation(self.wide(self.dense_norm(x)))
        return x + self.narrow(wide if self.dropout is None else self.dropout(wide))


'''

BLOCKS = {
    "ResidualBlock": RESIDUAL_BLOCK,
    "SqueezeExcite": SQUEEZE_EXCITE,
    "Steps": STEPS,
    "Recurrent": RECURRENT,
    "Last": LAST,
    "First": FIRST,
    "Mean": MEAN,
    "Patches": PATCHES,
    "Encoder": ENCODER,
}
