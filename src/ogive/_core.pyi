# The native module (native/module.cpp).  Its ufuncs are reached by name through __getattr__: for
# every row of native/functions.def NAME, grad_NAME and backward_NAME, for every parameter that is
# learned grad_NAME_PARAMETER and backward_NAME_PARAMETER, and one gufunc for every row of
# native/rows.def.
from typing import Any, Self

import numpy as np

isa: str
isa_levels: tuple[str, ...]
isa_supported: tuple[str, ...]

class ParametricCall:
    def __new__(
        cls,
        form: str,
        required: int,
        parameters: tuple[tuple[str, float, float, float, bool, str], ...],
        ufuncs: tuple[np.ufunc, ...],
        wrt: tuple[str, ...],
        wrt_condition: str,
        /,
    ) -> Self: ...
    def __call__(self, *operands: Any, **keywords: Any) -> Any: ...

class AddressedLoop:
    def __new__(cls, ufunc: np.ufunc, parameters: int, /) -> Self: ...
    def addresses(self) -> tuple[int, int]: ...
    def run(self, type: int, threads: int, count: int, /, *addresses: int) -> None: ...
    def run_rows(
        self, type: int, threads: int, rows: int, length: int, /, *operands: int
    ) -> None: ...

def __getattr__(name: str) -> np.ufunc: ...
def document(ufunc: object, text: str, /) -> None: ...
def set_num_threads(count: int, /) -> None: ...
def get_num_threads() -> int: ...
def limit_num_threads(count: int, /) -> int: ...
