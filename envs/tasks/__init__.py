"""What a robot is asked to do. These modules need numpy alone, so that they run on the robot too."""
