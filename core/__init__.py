"""Saddlepoint's engine: plain Python and PyTorch, no web framework anywhere below."""
