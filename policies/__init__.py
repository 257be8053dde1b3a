"""Networks, pretraining, the policy bundle, inference without torch.

    on a robot   policy, controller (numpy alone)
    the bundle   bundle; bundle_files, manifest, weights_file, strict_json, soundness (what is read
                 from it, and what is refused), whole_folder (how it is written), shipped (by name)
    training     train, train_config; actor_critic, network (its layers by name); anchored_ppo,
                 rollout, update; off_policy, off_policy_networks (SAC and TQC)
    surviving    checkpoint, learner_state, progress, event_log, whole_file
    what of      lesson, and gymnasium_lesson for environments of Gymnasium's (gymnasium_robot)
    what's left  finished, model_card (card_tables, gaps, training_command), onnx_model, provenance;
                 pretrained/ ships
    errors       errors

A robot needs the first two rows, gymnasium_robot and provenance; the others need PyTorch,
Stable-Baselines3 or ONNX.
"""
