"""Bringing a robot: from a user's MJCF or URDF to a robot's folder, and what is wrong with one.

    reading      robot_source, urdf
    writing      robot_draft, draft_joint, drive (a guessed motor), draft_text
    checking     robot_check; joint_check, mirror_check, body_check, motion_check, guess_check,
                 each a topic; joint_name, finding

What is guessed is marked in the folder's own files.
"""
