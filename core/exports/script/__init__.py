"""An experiment as plain PyTorch: a script or a notebook that needs nothing of this program, with its numbers."""

from core.exports.script.files import notebook_bytes, script_bytes
from core.exports.script.parts import Part, parts_of
from core.exports.script.stored import parts_of_run

__all__ = ["Part", "notebook_bytes", "parts_of", "parts_of_run", "script_bytes"]
