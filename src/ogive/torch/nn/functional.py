"""`ogive.torch.functional` under the path that torch has for it: one and the same module."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ogive.torch import functional

if TYPE_CHECKING:
    # For type checkers alone: at run time this name is that very module.
    from ogive.torch.functional import *  # noqa: F403
    from ogive.torch.functional import __getattr__ as __getattr__

# Its import puts into sys.modules, and binds in the package, what stands there afterwards.
sys.modules[__name__] = functional
