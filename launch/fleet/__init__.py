"""`ashore adapt --fleet`: one bundle adapted to many robots, and which of them are alike.

    fleet            whose logs a folder holds
    adapting_fleet   all robots adapted, several at a time, then compared
    compared         which are alike, and whose policies would do for others
    fleet_page       the page of it

Each robot is adapted by `ashore adapt`, as a command of its own (many_commands).
"""
