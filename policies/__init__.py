"""Networks, pretraining, the policy bundle, inference without torch.

    on a robot   policy, controller, bundle, shipped (numpy and safetensors alone)
    a bundle's   manifest, bundle_files, weights_file, strict_json, soundness, whole_folder
    training     train, anchored_ppo, network, checkpoint, progress
    surviving    checkpoint and what it keeps (learner_state), event_log, whole_file
    what of      lesson, and gymnasium_lesson for environments of Gymnasium's (gymnasium_robot)
    elsewhere    onnx_model
    for people   model_card, provenance
    errors       errors

A robot needs the first two rows and provenance; the others need PyTorch and Stable-Baselines3, or
onnx.
"""
