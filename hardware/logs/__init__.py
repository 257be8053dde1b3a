"""A log: log reads, log_view looks, log_writer writes, log_recovery mends; the rest serves them."""
