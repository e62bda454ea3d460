"""What fitted coefficients predict."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

import ogive
from ogive.linear_model import validation
from ogive.linear_model.design import scores_of
from ogive.linear_model.sources import is_stored, scores_of_stored

Array = Any


class Predictions:
    """The methods of an estimator that has classes, coefficients and intercepts.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarray
        As `ogive.linear_model.targets.Target` has them.
    coef_ : ndarray or sparse matrix, shape (scores, features)
    intercept_ : ndarray, shape (scores,)

    Examples
    --------
    >>> import numpy as np
    >>> from ogive.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> bool(np.all(model.predict_proba([[1.0]]).sum(1) == 1.0))
    True
    """

    classes_: Any
    coef_: Any
    intercept_: Array

    def decision_function(self, X: Any, offset: Any = None) -> Array:
        """Return scores.

        Parameters
        ----------
        X : array_like, sparse matrix or data frame, shape (n, features)
            Features.
        offset : array_like, optional
            Added to the scores, of a shape as for `fit`.

        Returns
        -------
        ndarray of float64
            Of shape (n,) for two classes, (n, classes) or (n, labels).

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            For features or an offset that do not fit.

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        >>> model.decision_function([[1.5]]).round(6)
        array([0.])
        """
        scores = self._scores(X, offset)
        return scores[:, 0] if self._kind() == "binary" else scores

    def _kind(self) -> str:
        if isinstance(self.classes_, list):
            return "multilabel"
        return "binary" if len(self.classes_) == 2 else "multinomial"

    def _scores(self, X: Any, offset: Any) -> Array:
        check_is_fitted(self)
        if is_stored(X):
            coef = self.coef_.toarray() if sparse.issparse(self.coef_) else self.coef_
            names = getattr(self, "feature_names_in_", None)
            return scores_of_stored(X, coef, self.intercept_, offset, names)
        X = validation.checked_features(self, X)
        offset = validation.checked_offset(offset, X.shape[0], len(self.intercept_))
        scores = scores_of(X, self.coef_, self.intercept_)
        scores += offset
        return scores

    def predict(self, X: Any, offset: Any = None) -> Array:
        """Return the most probable classes.

        Parameters
        ----------
        X : array_like, sparse matrix or data frame, shape (n, features)
            Features.
        offset : array_like, optional
            Added to the scores, of a shape as for `fit`.

        Returns
        -------
        ndarray
            Classes, of shape (n,); of several labels an indicator matrix of int64, of shape
            (n, labels).

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], list("aabb"))
        >>> model.predict([[1.4], [1.6]])
        array(['a', 'b'], dtype='<U1')
        """
        scores = self._scores(X, offset)
        kind = self._kind()
        if kind == "multilabel":
            return (scores > 0.0).astype(np.int64)
        most = scores.argmax(1) if kind == "multinomial" else (scores[:, 0] > 0.0).astype(np.intp)
        return self.classes_[most]

    def predict_proba(self, X: Any, offset: Any = None) -> Array:
        """Return probabilities, right to the last digits in both tails.

        Parameters
        ----------
        X : array_like, sparse matrix or data frame, shape (n, features)
            Features.
        offset : array_like, optional
            Added to the scores, of a shape as for `fit`.

        Returns
        -------
        ndarray of float64
            Of every class, of shape (n, classes); of several labels that each is present, of shape
            (n, labels).

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        >>> model.predict_proba([[1.5]]).round(6)
        array([[0.5, 0.5]])
        """
        scores = self._scores(X, offset)
        kind = self._kind()
        if kind == "multinomial":
            return ogive.softmax(scores, axis=1)
        return ogive.sigmoid(scores if kind == "multilabel" else _both_signs(scores))

    def predict_log_proba(self, X: Any, offset: Any = None) -> Array:
        """Return logarithms of probabilities, finite where probabilities underflow.

        Parameters
        ----------
        X : array_like, sparse matrix or data frame, shape (n, features)
            Features.
        offset : array_like, optional
            Added to the scores, of a shape as for `fit`.

        Returns
        -------
        ndarray of float64
            Of the shape that `predict_proba` has.

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        >>> model.predict_log_proba([[1e4]]).round(-1)
        array([[-9580.,    -0.]])
        """
        scores = self._scores(X, offset)
        kind = self._kind()
        if kind == "multinomial":
            return ogive.log_softmax(scores, axis=1)
        return ogive.log_sigmoid(scores if kind == "multilabel" else _both_signs(scores))

    def score(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None) -> float:
        """Return the share of rows that are predicted right.

        Parameters
        ----------
        X : array_like, sparse matrix or data frame, shape (n, features)
            Features.
        y : array_like, shape (n,) or (n, labels)
            What is right; of several labels all must be.
        sample_weight : array_like, optional
            Of shape (n,).
        offset : array_like, optional
            Added to the scores, of a shape as for `fit`.

        Returns
        -------
        float

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        >>> model.score([[0.0], [5.0]], [0, 0])
        0.5
        """
        return float(accuracy_score(y, self.predict(X, offset), sample_weight=sample_weight))

    def sparsify(self) -> Any:
        """Make the coefficients a sparse matrix, for L1 penalties that leave few.

        Returns
        -------
        LogisticRegression
            This one.

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        >>> model.sparsify().coef_.shape
        (1, 1)
        """
        check_is_fitted(self)
        self.coef_ = sparse.csr_array(self.coef_)
        return self

    def densify(self) -> Any:
        """Make the coefficients an array again.

        Returns
        -------
        LogisticRegression
            This one.

        Examples
        --------
        >>> from ogive.linear_model import LogisticRegression
        >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
        >>> type(model.sparsify().densify().coef_).__name__
        'ndarray'
        """
        check_is_fitted(self)
        if sparse.issparse(self.coef_):
            self.coef_ = self.coef_.toarray()
        return self


def _both_signs(scores: Array) -> Array:
    return np.column_stack([-scores[:, 0], scores[:, 0]])
