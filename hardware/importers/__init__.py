"""Logs of others, and our own that were exported, read into Ashore's.

    bam, puppersim     JSON of a servo's bench; archives of a quadruped
    samples            what the importers of others' logs have in common: signals over time
    column_map         which column is what, as a TOML file says (maps/ ships some)
    mapped             CSV files and numpy archives, read through such a map
    rosbag             ROS 2 bags: JointState, Imu, and commands
    lerobot            LeRobotDataset v3.0, a log an episode
    npy_reader         numpy archives, row by row, without trusting what they declare
    exported           the tables of an exported log as a log again
    exported_csv, exported_npz, exported_parquet    the three forms of them

Each writes one log, or one an episode, and refuses what it cannot read with a sentence.
"""
