"""The tabs of the page Runs."""

from __future__ import annotations

from core.text import Text
from pages.components.parts import Parts

TABS = Parts("runs", {"stored": Text("Stored runs"), "search": Text("Search for settings"), "cluster": Text("Cluster")})
