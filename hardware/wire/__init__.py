"""A serial line: bytes, packets, questions and who answered.

    bytes      transport; openers, who has a port
    packets    protocol (what a bus needs of one): dynamixel with frame and joint_reply, feetech;
               parser beneath both
    questions  exchange (one, and what comes back) with question, patience (how long), doubt (what
               may come late), servo_talk (of one servo), bus (of many) with joint_read and
               ask_again, result (what each said)
    who        scan

Another protocol of servos is one module like `feetech`, and one line in `protocol`.
"""
