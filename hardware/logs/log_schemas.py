"""The channels of a log and the JSON schemas that viewers show their units from."""

import json
import re
from dataclasses import dataclass

from ashore.hardware.logs import wire_bytes

READING = "/reading"
COMMAND = "/command"
POLICY = "/policy"
EVENT = "/event"
RAW_TX = "/raw/tx"
RAW_RX = "/raw/rx"
RAW_IMU = "/raw/imu"

RAW_TOPICS = {"tx": RAW_TX, "rx": RAW_RX, "imu": RAW_IMU}
"""Topic of what goes to the servos, comes from them, and comes from the inertial sensor."""
RAW = frozenset(RAW_TOPICS.values())
"""Channels whose messages are bytes of a wire."""

TIME = "when, on the robot's clock [s]"

READING_SIGNALS = {
    "position": "joint angle, sign and zero offset applied [rad]",
    "velocity": "joint velocity as the servo reports it [rad/s]",
    "current": "motor current as the servo reports it [A], null where not measured",
    "voltage": "supply voltage at the servo [V]",
    "temperature": "servo temperature [degC]",
    "age": "time since the joint's sample was taken, 0 when it came with this tick [s]",
    "fault": "hardware-error bits of the servo, 0 when it is well",
}
"""The signals every reading has, one number a joint, and what they are."""

OPTIONAL_SIGNALS = {
    "torque_enabled": "whether the servo's power stage is on",
    "duty": "signed duty of the servo's power stage, -1..1",
}
"""The signals a reading may have, one number a joint."""

INERTIAL_SIGNALS = {
    "gyro": "angular velocity of the base, in its own frame x, y, z [rad/s]",
    "gravity": "direction in which gravity pulls, in the base's frame, a unit vector",
    "acceleration": "specific force at the inertial sensor, in the base's frame [m/s^2]",
}
"""The signals of a reading with an inertial sensor, three numbers each."""

SIGNALS = {
    READING: {
        **READING_SIGNALS,
        **OPTIONAL_SIGNALS,
        **INERTIAL_SIGNALS,
        "inertial_age": "time since the inertial sample came, 0 when fresh [s]",
    },
    COMMAND: {"position": "goal angle of each joint [rad]"},
    POLICY: {
        "observation": "what the policy saw, in the contract's order and scale",
        "action": "what the policy said, in the contract's order and scale",
    },
}
"""What each signal of a channel of numbers is, with its unit in brackets if it has one."""


def unit_of(topic: str, signal: str) -> str:
    """Unit of a signal; empty if it has none, or is one that a runner named."""
    found = re.search(r"\[([^\]]+)\]", SIGNALS[topic].get(signal, ""))
    return found.group(1) if found else ""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One topic of a log, and how its messages are written."""

    topic: str
    """Name of the channel."""
    encoding: str = "json"
    """MCAP message encoding."""
    schema_name: str
    """Name of its schema."""
    schema_encoding: str = "jsonschema"
    """How its schema is written."""
    schema: bytes
    """The schema."""


def _numbers(description: str, kind: str = "number") -> dict[str, object]:
    return {"type": "array", "items": {"type": kind}, "description": description}


def _schema(title: str, **properties: object) -> bytes:
    time = {"type": "number", "description": TIME}
    body = {"time": time, **properties}
    return json.dumps({"title": title, "type": "object", "properties": body}).encode()


def _reading_schema() -> bytes:
    signals = {name: _numbers(text) for name, text in SIGNALS[READING].items()}
    switch = _numbers(OPTIONAL_SIGNALS["torque_enabled"], "boolean")
    return _schema("ashore.Reading", **{**signals, "torque_enabled": switch})


def _command_schema() -> bytes:
    return _schema("ashore.Command", **{n: _numbers(t) for n, t in SIGNALS[COMMAND].items()})


def _policy_schema() -> bytes:
    return _schema(
        "ashore.Policy",
        **{name: _numbers(text) for name, text in SIGNALS[POLICY].items()},
        signals={
            "type": "object",
            "properties": {},
            "description": "named lists of numbers that the runner kept beside the policy",
        },
    )


def _event_schema() -> bytes:
    return _schema(
        "ashore.Event",
        level={"type": "string", "description": "how grave: debug, info, warning, error"},
        kind={"type": "string", "description": "which part of the robot speaks"},
        text={"type": "string", "description": "what happened, one sentence"},
        data={"type": "object", "properties": {}, "description": "numbers of this event"},
    )


def _raw(topic: str) -> Channel:
    return Channel(
        topic=topic,
        encoding=wire_bytes.ENCODING,
        schema_name=wire_bytes.SCHEMA_NAME,
        schema_encoding=wire_bytes.ENCODING,
        schema=wire_bytes.SCHEMA,
    )


CHANNELS = (
    Channel(topic=READING, schema_name="ashore.Reading", schema=_reading_schema()),
    Channel(topic=COMMAND, schema_name="ashore.Command", schema=_command_schema()),
    Channel(topic=POLICY, schema_name="ashore.Policy", schema=_policy_schema()),
    Channel(topic=EVENT, schema_name="ashore.Event", schema=_event_schema()),
    *map(_raw, RAW_TOPICS.values()),
)
"""Every channel, in the order of its number in the file, counted from 1."""

TOPIC_OF_ID = {number: channel.topic for number, channel in enumerate(CHANNELS, start=1)}
"""Topic of each channel number, for files whose first chunk, with the channels, is lost."""
