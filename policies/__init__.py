"""Networks, pretraining, the policy bundle, inference without torch."""
