"""Laws of the firmware's modes, profiles and gains, on pendulums that swing."""

import math
from dataclasses import replace

import pytest
from pendulum_plant import PendulumPlant

from ashore.envs.errors import TwinError
from ashore.envs.twin.firmware_config import FirmwareConfig
from ashore.envs.twin.reply import Reply, joined
from ashore.envs.twin.servos.firmware import Firmware
from ashore.hardware.servo.control_table import ControlTable
from ashore.hardware.wire import dynamixel
from ashore.hardware.wire.frame import Frame, Parser

pytestmark = pytest.mark.slow

CONFIG = FirmwareConfig(ids=(1, 2))
ACCESS, DATA_RANGE, DATA_LIMIT = 7, 4, 6
REVERSE, BY_TIME, TORQUE_BY_GOAL = 1, 4, 8


class Chain:
    """Registers of servos by name, over packets."""

    def __init__(self, config: FirmwareConfig = CONFIG, **plant: float) -> None:
        self.plant = PendulumPlant(len(config.ids), **plant)
        self.firmware = Firmware(self.plant, config)
        self.tables = [ControlTable.load(model) for model in config.models]

    def replies(self, packet: bytes) -> list[Reply]:
        return self.firmware.handle(packet)

    def ask(self, packet: bytes) -> list[Frame]:
        return Parser().feed(joined(self.replies(packet)))

    def put(self, servo: int = 1, **values: int) -> list[int]:
        """Write registers in turn; return the errors."""
        errors = []
        for name, value in values.items():
            register = self.tables[servo - 1][name]
            data = value.to_bytes(register.size, "little", signed=value < 0)
            errors += [f.error for f in self.ask(dynamixel.write(servo, register.address, data))]
        return errors

    def get(self, name: str, servo: int = 1) -> int:
        register = self.tables[servo - 1][name]
        (frame,) = self.ask(dynamixel.read(servo, register.address, register.size))
        return register.decode(frame.params)

    def run(self, seconds: float) -> None:
        self.firmware.advance(self.firmware.time + seconds)

    def watch(self, name: str, seconds: float, every: float = 0.01) -> list[int]:
        seen = []
        for _ in range(round(seconds / every)):
            self.run(every)
            seen.append(self.get(name))
        return seen


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_pwm_mode_gives_the_duty_asked_for_in_its_direction(chain: Chain) -> None:
    chain.put(operating_mode=16, torque_enable=1, goal_pwm=-300)
    chain.run(0.5)
    assert chain.get("present_pwm") == -300
    assert chain.get("present_velocity") < -10
    assert chain.put(goal_pwm=886) == [DATA_LIMIT]


def test_velocity_mode_keeps_the_velocity_asked_for(chain: Chain) -> None:
    chain.put(operating_mode=1, goal_velocity=0, torque_enable=1)
    chain.run(0.3)
    assert abs(chain.get("present_velocity")) <= 1
    chain.put(goal_velocity=-60)
    seen = chain.watch("present_velocity", 3.0)[100:]
    # Gravity pulls to and fro once a turn; the integral follows it.
    assert sum(seen) / len(seen) == pytest.approx(-60, abs=6)


def test_velocity_mode_ramps_by_the_profiles_acceleration(chain: Chain) -> None:
    # 100 counts of 214.577 rpm² are 37.45 rad/s²; 60 of velocity are 1.44 rad/s: 38 ms.
    chain.put(operating_mode=1, profile_acceleration=10, goal_velocity=0, torque_enable=1)
    chain.put(goal_velocity=60)
    trajectory = chain.watch("velocity_trajectory", 0.5, every=0.02)
    assert trajectory[0] == pytest.approx(60 * 20 / 384, abs=1)
    assert trajectory[9] == pytest.approx(60 * 200 / 384, abs=1)
    assert trajectory[-1] == 60


def test_current_mode_pushes_with_the_current_asked_for(chain: Chain) -> None:
    chain.plant.blocked = True
    chain.put(operating_mode=0, goal_current=-80, torque_enable=1)
    chain.run(4.0)
    assert chain.get("present_current") == -80
    # Held against a wall for long, but with little: no overload.
    assert chain.get("hardware_error_status") == 0
    assert chain.put(goal_current=1751) == [DATA_LIMIT]


def test_a_servo_without_a_current_sensor_has_no_current_modes() -> None:
    chain = Chain(replace(CONFIG, model="xl430"), supply=12.0)
    assert [chain.put(operating_mode=mode)[0] for mode in (0, 1, 3, 4, 5, 16)] == [4, 0, 0, 0, 4, 0]


def test_extended_mode_counts_turns_and_position_mode_does_not_go_there(chain: Chain) -> None:
    assert chain.put(goal_position=9000) == [DATA_LIMIT]
    assert chain.put(operating_mode=4, goal_position=9000, torque_enable=1) == [0, 0, 0]
    chain.run(3.0)
    assert chain.get("present_position") == pytest.approx(9000, abs=60)


def test_a_profile_speeds_up_cruises_and_slows_down_to_rest_at_the_goal(chain: Chain) -> None:
    # 50 counts are 1.2 rad/s, 782 encoder counts a second; 20 are 7.5 rad/s².
    chain.put(profile_velocity=50, profile_acceleration=20, torque_enable=1, goal_position=3000)
    chain.run(0.08)
    assert chain.get("velocity_trajectory") == pytest.approx(25, abs=1)
    chain.run(0.42)
    assert chain.get("velocity_trajectory") == 50
    assert chain.get("moving_status") & 0x32 == 0x32
    # Way d takes d/v + v/a: 952 / 782 + 1.2 / 7.5 = 1.378 s.
    chain.run(0.85)
    assert 2990 < chain.get("position_trajectory") < 3000
    chain.run(0.05)
    assert (chain.get("position_trajectory"), chain.get("velocity_trajectory")) == (3000, 0)
    assert chain.get("moving_status") & 0x02 == 0
    assert chain.get("present_position") == pytest.approx(3000, abs=40)


def test_a_profile_never_leaves_the_way_to_its_goal(chain: Chain) -> None:
    chain.put(profile_velocity=100, profile_acceleration=5, torque_enable=1, goal_position=2600)
    seen = chain.watch("position_trajectory", 2.0)
    assert seen == sorted(seen)
    assert seen[-1] == 2600


def test_a_goal_behind_is_turned_round_for(chain: Chain) -> None:
    chain.put(profile_velocity=100, profile_acceleration=10, torque_enable=1, goal_position=3000)
    chain.run(0.4)
    before = chain.get("position_trajectory")
    chain.put(goal_position=2048)
    seen = chain.watch("position_trajectory", 3.0)
    assert max(seen) > before
    assert seen[-1] == 2048


def test_without_a_profile_the_goal_holds_at_once(chain: Chain) -> None:
    chain.put(torque_enable=1, goal_position=2500)
    chain.run(0.002)
    assert chain.get("position_trajectory") == 2500


def test_a_profile_begins_where_the_goal_was_not_where_it_will_be(chain: Chain) -> None:
    chain.put(torque_enable=1, goal_position=2300)
    chain.run(0.5)
    chain.put(profile_velocity=20, goal_position=2800)
    chain.run(0.01)
    assert chain.get("position_trajectory") == pytest.approx(2303, abs=3)


def test_a_profile_by_time_takes_its_time_whatever_the_way(chain: Chain) -> None:
    chain.put(drive_mode=BY_TIME, profile_velocity=400, profile_acceleration=100, torque_enable=1)
    for goal in (2200, 3200):
        chain.put(goal_position=goal)
        chain.run(0.35)
        assert chain.get("position_trajectory") != goal
        chain.run(0.06)
        assert chain.get("position_trajectory") == goal


def test_reverse_mirrors_position_velocity_and_goal() -> None:
    chain = Chain(replace(CONFIG, ids=(1,)), position=math.pi / 4)
    assert chain.get("present_position") == 2048 + 512
    chain.put(drive_mode=REVERSE)
    chain.run(0.01)
    assert chain.get("present_position") == pytest.approx(2048 - 512, abs=2)
    chain.put(torque_enable=1, goal_position=2048 - 1000)
    chain.run(0.01)
    assert chain.get("present_velocity") < 0
    chain.run(1.0)
    assert chain.plant.position[0] == pytest.approx(1000 * math.tau / 4096, abs=0.05)


def test_torque_comes_with_a_goal_where_the_drive_mode_says_so(chain: Chain) -> None:
    chain.put(goal_position=2300)
    assert chain.get("torque_enable") == 0
    chain.put(drive_mode=TORQUE_BY_GOAL, led=1)
    assert chain.get("torque_enable") == 0
    chain.put(goal_position=2300)
    assert chain.get("torque_enable") == 1


def test_an_integral_gain_takes_away_what_gravity_costs() -> None:
    def misses(gain: int) -> int:
        chain = Chain()
        chain.put(position_p_gain=200, position_i_gain=gain, torque_enable=1, goal_position=3072)
        chain.run(4.0)
        return abs(chain.get("present_position") - 3072)

    assert misses(0) > 20
    assert misses(300) <= 2


def test_a_derivative_gain_damps() -> None:
    def overshoots(gain: int) -> int:
        chain = Chain()
        chain.put(position_p_gain=3000, position_d_gain=gain, torque_enable=1, goal_position=2400)
        return max(chain.watch("present_position", 0.5, every=0.005)) - 2400

    assert overshoots(0) > overshoots(4000) + 5


def test_a_watchdog_stops_a_servo_that_turns(chain: Chain) -> None:
    chain.put(operating_mode=1, goal_velocity=60, torque_enable=1, bus_watchdog=5)
    chain.run(0.3)
    chain.run(1.0)
    assert abs(chain.get("present_velocity")) < 60
    assert (chain.get("bus_watchdog"), chain.get("present_pwm")) == (-1, 0)


def test_the_known_watchdog_bug_moves_a_servo_and_is_off_by_default() -> None:
    def moved(bug: bool) -> int:
        chain = Chain(replace(CONFIG, watchdog_bug=bug))
        chain.put(operating_mode=4, homing_offset=500, torque_enable=1, bus_watchdog=5)
        chain.put(goal_position=2548)
        chain.run(1.0)
        return abs(chain.get("present_position") - 2548)

    assert moved(False) < 20 < 450 < moved(True)


def test_a_second_id_is_obeyed_and_not_answered(chain: Chain) -> None:
    chain.put(secondary_id=9)
    chain.put(2, secondary_id=9)
    assert chain.ask(dynamixel.write(9, 65, b"\1")) == []
    assert [chain.get("led", servo) for servo in (1, 2)] == [1, 1]


def test_a_reboot_takes_a_servo_off_the_line_and_only_that_one(chain: Chain) -> None:
    chain.put(torque_enable=1)
    chain.put(2, torque_enable=1)
    assert len(chain.ask(dynamixel.reboot(1))) == 1
    chain.run(0.1)
    assert [frame.id for frame in chain.ask(dynamixel.ping(dynamixel.BROADCAST))] == [2]
    chain.run(0.25)
    assert [frame.id for frame in chain.ask(dynamixel.ping(dynamixel.BROADCAST))] == [1, 2]
    assert [chain.get("torque_enable", servo) for servo in (1, 2)] == [0, 1]


def test_in_lockstep_a_reboot_takes_no_time() -> None:
    chain = Chain(replace(CONFIG, period=0.02))
    chain.ask(dynamixel.reboot(1))
    assert len(chain.ask(dynamixel.ping(1))) == 1


def test_old_firmware_ignores_its_startup_configuration() -> None:
    chain = Chain(replace(CONFIG, version=45))
    chain.put(startup_configuration=1)
    chain.ask(dynamixel.reboot(1))
    chain.run(0.4)
    assert chain.get("torque_enable") == 0


def test_the_startup_configuration_brings_torque_and_ram_back(chain: Chain) -> None:
    chain.put(startup_configuration=3, position_p_gain=900)
    assert (
        chain.ask(dynamixel.encode(Frame(id=1, instruction=0x20, params=b"\1CTRL")))[0].error == 0
    )
    assert chain.get("backup_ready") == 1
    chain.put(position_p_gain=100)
    chain.ask(dynamixel.reboot(1))
    chain.run(0.4)
    assert (chain.get("torque_enable"), chain.get("position_p_gain")) == (1, 900)


def test_a_backup_brings_the_eeprom_back_and_needs_torque_off(chain: Chain) -> None:
    store, recall = (Frame(id=1, instruction=0x20, params=bytes([k]) + b"CTRL") for k in (1, 2))
    assert chain.ask(dynamixel.encode(recall))[0].error == 1
    chain.put(temperature_limit=60)
    assert chain.ask(dynamixel.encode(store))[0].error == 0
    chain.put(temperature_limit=50, torque_enable=1)
    assert chain.ask(dynamixel.encode(recall))[0].error == ACCESS
    chain.put(torque_enable=0)
    assert chain.ask(dynamixel.encode(recall))[0].error == 0
    assert chain.get("temperature_limit") == 60
    wrong = Frame(id=1, instruction=0x20, params=b"\1CTRX")
    assert chain.ask(dynamixel.encode(wrong))[0].error == DATA_RANGE


def test_models_and_firmwares_mix_on_one_line() -> None:
    config = FirmwareConfig(ids=(1, 2), model=("xl330", "xm430"), version=(45, None))
    chain = Chain(config, supply=6.0)
    frames = chain.ask(dynamixel.ping(dynamixel.BROADCAST))
    assert [frame.params[:2] for frame in frames] == [b"\xb0\x04", b"\xfc\x03"]
    # Fast sync read is new with 46 on an XL330; the one packet begins with the first that knows it.
    assert chain.ask(dynamixel.fast_sync_read([1, 2], 132, 4)) == []
    assert len(chain.replies(dynamixel.fast_sync_read([2], 132, 4))[0].data) == 16
    # 1 mA a count, and 2.69 mA.
    chain.plant.blocked = True
    for servo in (1, 2):
        chain.put(servo, operating_mode=5, goal_current=100, shutdown=0, torque_enable=1)
        chain.put(servo, goal_position=4000)
    chain.run(0.01)
    assert chain.plant.current == pytest.approx([0.1, 0.269])


def test_both_indirect_blocks_of_a_large_table_are_followed() -> None:
    chain = Chain(replace(CONFIG, model="xm430"), supply=12.0)
    chain.put(indirect_address_1=132, indirect_address_29=146)
    assert chain.get("indirect_data_1") == 2048 & 0xFF
    assert chain.get("indirect_data_29") == 25


def test_what_is_not_one_a_servo_is_refused() -> None:
    with pytest.raises(TwinError, match="1 of model for 2 servo ids"):
        replace(CONFIG, model=("xl330",))
    with pytest.raises(TwinError, match="no XL330-M288 speaks at 250000 baud; it can at 9600"):
        Chain(replace(CONFIG, baud=250_000))


def test_a_servo_hears_only_its_own_rate(chain: Chain) -> None:
    chain.put(2, baud_rate=3)
    everyone = dynamixel.ping(dynamixel.BROADCAST)
    found = {}
    for rate in (57_600, 115_200, 1_000_000):
        chain.firmware.line_baud = rate
        found[rate] = [frame.id for frame in chain.ask(everyone)]
    assert found == {57_600: [1], 115_200: [], 1_000_000: [2]}


def test_a_reply_says_its_return_delay(chain: Chain) -> None:
    assert chain.replies(dynamixel.ping(1))[0].after == pytest.approx(500e-6)
    chain.put(return_delay_time=10)
    assert chain.replies(dynamixel.ping(1))[0].after == pytest.approx(20e-6)


def test_two_of_one_id_answer_together() -> None:
    chain = Chain(replace(CONFIG, ids=(4, 4)))
    assert [reply.together for reply in chain.replies(dynamixel.ping(4))] == [False, True]


def test_a_bad_crc_is_answered_only_by_firmware_that_does() -> None:
    damaged = dynamixel.ping(1)[:-1] + b"\0"
    assert Chain().ask(damaged) == []
    frames = Chain(replace(CONFIG, answers_bad_crc=True)).ask(damaged)
    assert [(frame.id, frame.error) for frame in frames] == [(1, 3)]


def test_fast_bulk_read_answers_in_one_packet_with_each_ones_own_block(chain: Chain) -> None:
    params = bytes([1, 132, 0, 4, 0, 2, 146, 0, 1, 0])
    packet = dynamixel.encode(Frame(id=254, instruction=0x9A, params=params))
    (reply,) = chain.replies(packet)
    assert len(reply.data) == 8 + (4 + 4) + (4 + 1)
    (frame,) = Parser().feed(reply.data)
    assert frame.error == 0
    assert frame.params[:5] == b"\1" + (2048).to_bytes(4, "little")
    assert frame.params[7:10] == b"\0\2" + bytes([25])


def test_registers_set_from_outside_are_obeyed(chain: Chain) -> None:
    chain.put(torque_enable=1, goal_position=2300)
    chain.run(0.3)
    chain.firmware.servos[0].memory.put("torque_enable", 0)
    chain.run(1.5)
    assert chain.get("present_position") == pytest.approx(2048, abs=60)
