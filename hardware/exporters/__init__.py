"""Logs as the files of others.

    log_layout         which tables, signals, columns and units a log has, and its header.json
    log_parts          a log as those tables, a part at a time; the first pass that finds the layout
    optional           the packages that only some formats need
    csv_folder, npz_archive, parquet_folder    all of a log, bit for bit
    lerobot_frames, lerobot_dataset            the episodes of a policy as a LeRobotDataset v3.0
    rerun_recording                            scalars and events for the Rerun viewer

The importers read back what csv_folder, npz_archive and parquet_folder write.
"""
