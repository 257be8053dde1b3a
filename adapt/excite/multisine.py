"""`multisine`: a sum of sines that is flat in its band and has no high peaks."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def multisine(phase: Array, lowest: int, highest: int) -> Array:
    """Harmonics `lowest` to `highest` of a period, each as fast as the others.

    With `K` harmonics of numbers `h_k` at a share `p` of the period,

        u(p) = sum_k cos(2 pi h_k p - pi k (k - 1) / K) / h_k

    Amplitudes that fall with the frequency give every harmonic the same speed, so that a limit of
    speed does not leave the slow ones small; the phases keep peaks low.

    Args:
        phase: shares of the period, of any shape; it is the same again one period later.
        lowest: number of the slowest harmonic, at least 1.
        highest: number of the fastest.

    Source: Schroeder 1970, "Synthesis of low-peak-factor signals and binary sequences with low
    autocorrelation", IEEE Transactions on Information Theory 16, eq. 11.
    """
    number = np.arange(lowest, highest + 1)
    k = np.arange(1, len(number) + 1)
    turn = 2.0 * np.pi * phase[..., None] * number - np.pi * k * (k - 1) / len(k)
    return np.asarray((np.cos(turn) / number).sum(axis=-1))
