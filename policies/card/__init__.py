"""What people read of a finished training.

model_card; card_tables, gaps (what stands out), training_command (how to train it again)
"""
