"""A log: log reads, log_writer writes, log_recovery mends; the rest is what they are made of."""
