"""Networks, pretraining, the policy bundle, inference without torch.

    on a robot   policy, controller, bundle, parity (does it run here as where it was written),
                 shipped (by name), gymnasium_robot
    drift/       has a robot left what its policy was validated for
    storage/     a bundle's files, and files that are never half written
    training     train, train_config, progress (what it says, how it stops), checkpoint, event_log
    learners/    networks, PPO, SAC, TQC; exploring (what robots do between two updates)
    cluster/     robots on other machines
    what of      lesson, and gymnasium_lesson for environments of Gymnasium's
    what's left  finished, onnx_model, provenance
    card/        what people read of it
    pretrained/  the bundles that ship
    errors       errors

A robot needs the first row, storage/, drift/'s watch, provenance and errors; the others need
PyTorch, Stable-Baselines3, MuJoCo or ONNX.
"""
