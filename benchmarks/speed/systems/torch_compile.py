"""PyTorch with ``torch.compile``."""

from __future__ import annotations

from typing import Any

import torch
from benchmarks.speed.cases import Data
from benchmarks.speed.systems import torch_


def network_wide(data: Data) -> Any:
    return torch_._network(data, torch.compile(torch_._loss))


network_narrow = network_wide
