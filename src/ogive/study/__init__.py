"""The study: one network trained with each activation under the same conditions.

A `Study` declares what is compared; `run_study` trains whatever a `Store` does not yet hold;
`ogive.study.results.assemble` turns the stored runs into the figures that the report shows.
Importing this package loads neither torch nor SciPy: the trainings happen in worker processes,
and the statistics load when they are asked for.
"""

from ogive.study.activation import Activation
from ogive.study.budget import Tuning
from ogive.study.data import Data, Dataset, Part
from ogive.study.declaration import Grid, Setting, Study, depth_grid
from ogive.study.engine import (
    Counts,
    Execution,
    Failure,
    Progress,
    StudyInterrupted,
    StudyRefusedError,
    run_study,
)
from ogive.study.engines.base import EngineError
from ogive.study.model import Model
from ogive.study.recipe import Recipe
from ogive.study.seeds import Seeds
from ogive.study.spec import INITIALIZATIONS, RunSpec
from ogive.study.store import Store, StoreError, StoreWarning

__all__ = [
    "INITIALIZATIONS",
    "Activation",
    "Counts",
    "Data",
    "Dataset",
    "EngineError",
    "Execution",
    "Failure",
    "Grid",
    "Model",
    "Part",
    "Progress",
    "Recipe",
    "RunSpec",
    "Seeds",
    "Setting",
    "Store",
    "StoreError",
    "StoreWarning",
    "Study",
    "StudyInterrupted",
    "StudyRefusedError",
    "Tuning",
    "depth_grid",
    "run_study",
]
