"""A serial line: bytes, packets, questions and who answered.

bytes      transport
packets    protocol (what a bus needs of one): dynamixel with frame and joint_reply, feetech; parser
questions  exchange, bus
"""
