"""What learns: networks and the algorithms that train them.

networks     actor_critic; network (its layers, by the names that bundles give them); low_rank
PPO          anchored_ppo, rollout, update
SAC and TQC  off_policy, off_policy_networks
all of them  learner_state (what a checkpoint keeps of a learner)
"""
