"""`ridge_regression`: and how far off it is for robots that it was not fitted to."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def ridge_regression(x: Array, y: Array, penalty: Array) -> tuple[Array, Array, float]:
    """Regress `y` on `x`, both centred.

    Args:
        x: `(n, k)`.
        y: `(n,)`.
        penalty: of each column, a row's worth, `(k,)`.

    Returns:
        Weights `(k,)`; the error for each row, had it been left out, `(n,)`; its variance.

    Source: Allen 1974, "The relationship between variable selection and data augmentation",
    Technometrics 16, section 2 (PRESS); one more degree of freedom is the mean's.
    """
    count = len(x)
    hat = np.linalg.solve(x.T @ x + np.diag(penalty * count), x.T)
    leverage = np.einsum("ij,ji->i", x, hat) + 1.0 / count
    weights = hat @ y
    error = (y - x @ weights) / (1.0 - leverage)
    return weights, error, float(error @ error) / count
