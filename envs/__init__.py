"""Simulated robots: tasks, batched MuJoCo, randomization, the twin."""
