"""A run on a robot: the loop (runner), what may reach the motors (safety), and time (clock)."""
