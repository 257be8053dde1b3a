"""An inertial sensor on a serial line of its own: it speaks unasked, and is only listened to.

    a sample     imu_sample, with rotation and ned
    bytes        imu_codec (the protocol), codecs (all of them, by name):
                 witmotion, vectornav, vectornav_binary, pure both ways
    a tick       serial_imu
    a stranger   imu_scan

Another sensor is one more file with a codec, and one more line in codecs.
"""
