"""Pickles that do harm to whoever loads them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable

import numpy as np


class Call:
    """Pickles as a call."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


TOUCH = [sys.executable, "-c", "open('pwned', 'w')"]

MALICIOUS: dict[str, bytes] = {
    "system": pickle.dumps(Call(os.system, "touch pwned")),
    "popen": pickle.dumps(Call(subprocess.Popen, TOUCH)),
    "eval": pickle.dumps(Call(eval, "open('pwned', 'w')"), 0),
    "in a state dict": pickle.dumps({"fc1.weight": Call(os.system, "touch pwned")}, 2),
    "in an array": pickle.dumps(np.array([Call(os.system, "touch pwned")], dtype=object)),
    "opcode inst": b"(S'touch pwned'\nios\nsystem\n.",
    "opcode obj": b"(cos\nsystem\nS'touch pwned'\no.",
    "dotted name": b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x12open('pwned', 'w')\x85R.",
    "by numpy": b"cnumpy.testing\nrundocs\n(S'pwned'\ntR.",
    "import": b"cbuiltins\n__import__\n(S'antigravity'\ntR.",
}
"""Pickles that do harm to whoever loads them."""
