"""Servo firmware: servo_memory (registers), servo, chain (a line of them), firmware (and time)."""
