"""From a robot's log to a better policy: diagnose, calibrate, fine-tune, gate, report."""
