"""The data of a study: what is known by name, how it is split, and a person's own."""

from ogive.study.data.choice import Data
from ogive.study.data.dataset import Dataset, Part, Shape

__all__ = ["Data", "Dataset", "Part", "Shape"]
