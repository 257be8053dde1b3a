"""How robots come to differ: terms, when they are drawn, and proof that they do something.

ranges       term, randomization, mixture (two sources)
time         intervals (during an episode), curriculum (during a training)
proof        audit
"""
