"""One robot under a policy, for people to watch and to drive.

    who plays    player; drive (a command that changes live), command_script, hidden_robot
    what is seen stage (the robot as people see it), marks (arrows and ghosts), gauges (numbers)
    pictures     offscreen

The page and the clip are in `launch`.
"""
