"""What goes wrong on a twin on purpose.

faults       the calls that the twin makes, each at its place between host and physics
"""
