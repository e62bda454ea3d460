"""The study: one network trained with each activation under the same conditions.

A `Study` declares what is compared; `run_study` trains whatever a `Store` does not yet hold;
`ogive.study.results.assemble` turns the stored runs into the figures that the report shows.
Importing this package loads neither torch nor SciPy: the trainings happen in worker processes,
and the statistics load when they are asked for.
"""

from ogive.study.declaration import DATASETS, INITIALIZATIONS, Protocol, RunSpec, Study
from ogive.study.engine import (
    Counts,
    Execution,
    Failure,
    Progress,
    StudyInterrupted,
    run_study,
)
from ogive.study.store import Store, StoreError, StoreWarning

__all__ = [
    "DATASETS",
    "INITIALIZATIONS",
    "Counts",
    "Execution",
    "Failure",
    "Progress",
    "Protocol",
    "RunSpec",
    "Store",
    "StoreError",
    "StoreWarning",
    "Study",
    "StudyInterrupted",
    "run_study",
]
