"""`blend`: weights between a pretrained policy's and a tuned one's."""

import numpy as np

from ashore.policies.policy import Weights


def blend(pretrained: Weights, tuned: Weights, weight: float) -> Weights:
    """Interpolate weights: 0 gives `pretrained`, 1 gives `tuned`.

    Source: Wortsman et al., "Robust fine-tuning of zero-shot models" (WiSE-FT), CVPR 2022.
    """
    share = np.float32(weight)
    return {name: old + share * (tuned[name] - old) for name, old in pretrained.items()}
