"""Recurrent networks under torch's names: LSTM and GRU, and their cells.

The same constructors, weights and results as `torch.nn`, so that checkpoints load both ways. On
the CPU the elementwise part of each time step is one native pass, forwards and backwards; for
other tensors, transforms and compilers the steps are written in plain operations of torch.
"""

from __future__ import annotations

from ogive.torch.recurrent.cells import GRUCell, LSTMCell
from ogive.torch.recurrent.modules import GRU, LSTM

__all__ = ["GRU", "LSTM", "GRUCell", "LSTMCell"]
