"""Fine-tuning: train a policy's final layers for robots that a log tells of, and no further.

    asked        finetune_config, assignment (whose policy, for which robots)
    trained      tuning_run (a learner and its robots), blend
    judged       validation, trial, choice (what a rung's end takes of it)
    the ladder   finetuner; climb (where it stands), tuning_checkpoint (what a kill leaves)
    no simulator log_only (an encoder learns to predict the log), forward_model

All of it needs the `sim` extra.
"""
