"""Small robots as users bring them, and the folders drafted from them."""

from pathlib import Path

from ashore.envs.draft.robot_check import check_robot
from ashore.envs.draft.robot_draft import RobotDraft

LEG = """
<body name="{side}_thigh" pos="0 {y} 0">
  <joint name="{side}_hip" axis="0 {axis} 0" range="-1.0 1.5" armature="0.01" damping="0.2"/>
  <geom name="{side}_upper" type="capsule" fromto="0 0 0 0 0 -0.15" size="0.02" mass="0.3"/>
  <body name="{side}_shank" pos="0 0 -0.15">
    <joint name="{side}_knee" axis="0 1 0" range="-1.5 1.5" armature="0.01" frictionloss="0.03"/>
    <geom type="capsule" fromto="0 0 0 0 0 -0.15" size="0.02" mass="0.2"/>
    <geom name="{side}_foot" type="box" pos="0 0 -0.16" size="0.08 0.03 0.01" mass="0.05"/>
  </body>
</body>
"""

WALKER = """
<mujoco model="walker">
  <compiler angle="radian"/>
  <option timestep="0.002"/>
  <worldbody>
    <geom name="ground" type="plane" size="0 0 0.05"/>
    <body name="trunk" pos="0 0 0.3255">
      <freejoint/>
      <geom name="box" type="box" size="0.08 0.1 0.03" pos="0 0 0.03" mass="1.5"/>
      {left}
      {right}
    </body>
  </worldbody>
  <actuator>
    <position name="a" joint="left_hip" kp="60" kv="2" forcerange="-9 9"/>
    <position name="b" joint="left_knee" kp="60" kv="2" forcerange="-9 9"/>
    <position name="c" joint="right_hip" kp="60" kv="2" forcerange="-9 9"/>
    <position name="d" joint="right_knee" kp="60" kv="2" forcerange="-9 9"/>
  </actuator>
  <sensor><actuatorfrc actuator="a"/><gyro site="none"/></sensor>
  <keyframe>
    <key name="start" qpos="0 0 0.3255 1 0 0 0 0 0 0 0"/>
    <key name="home" qpos="0 0 0.3266 1 0 0 0 0.1 -0.2 0.1 -0.2" ctrl="0 0 0 0"/>
  </keyframe>
</mujoco>
""".replace("<gyro site=\"none\"/>", "")

URDF = """
<robot name="arm">
  <link name="base">
    <inertial><mass value="1.0"/><inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/>
    </inertial>
    <collision name="c"><geometry><box size="0.1 0.1 0.1"/></geometry></collision>
  </link>
  <link name="upper">
    <inertial><origin xyz="0 0 0.1"/><mass value="0.4"/>
      <inertia ixx="0.002" iyy="0.002" izz="0.0005" ixy="0" ixz="0" iyz="0"/></inertial>
    <visual><geometry><mesh filename="package://arm/upper.dae"/></geometry></visual>
    <collision name="c"><origin xyz="0 0 0.1"/>
      <geometry><cylinder radius="0.02" length="0.2"/></geometry></collision>
    <collision name="c"><geometry><mesh filename="meshes/upper.stl"/></geometry></collision>
  </link>
  <joint name="shoulder" type="revolute">
    <parent link="base"/><child link="upper"/><origin xyz="0 0 0.06"/><axis xyz="0 1 0"/>
    <limit lower="-1.2" upper="1.2" effort="{effort}" velocity="5"/>
    <dynamics damping="0.1" friction="0.02"/>
  </joint>
</robot>
"""


def walker(left=None, right=None):
    """MJCF of a biped whose legs are mirror images, or differ as asked."""
    legs = {
        side: LEG.format(**{"side": side, "y": y, "axis": 1, **(changed or {})})
        for side, y, changed in (("left", 0.06, left), ("right", -0.06, right))
    }
    return WALKER.format(**legs)


def urdf(effort=4.0):
    return URDF.format(effort=effort)


def folder(tmp_path: Path, text: str, fixed: bool = False, edit=None) -> Path:
    """Draft a robot from `text`; `edit` may change the texts of the files written."""
    source = tmp_path / "source.xml"
    source.write_text(text)
    out = tmp_path / "robot"
    RobotDraft.of("robot", source, fixed).write(out)
    for name, change in (edit or {}).items():
        path = out / name
        before = path.read_text()
        after = change(before)
        assert after != before
        path.write_text(after)
    return out


def findings(robot: Path, *severities: str) -> dict[str, str]:
    """Texts of the findings of these severities, by topic; not the guesses."""
    found: dict[str, str] = {}
    for finding in check_robot(robot):
        if finding.severity in severities and finding.topic != "guess":
            found[finding.topic] = found.get(finding.topic, "") + finding.text
    return found
