"""How robots come to differ: terms, when they are drawn, and proof that they do something.

    ranges       term, randomization, layout (how terms lie over parameters), mixture,
                 stretch (wider and narrower ones)
    time         intervals (during an episode), curriculum (during a training)
    proof        audit

What a term may be about is in `physics`.
"""
