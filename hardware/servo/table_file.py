"""How a servo's data file, in ../servos, says what registers there are.

    name = { address, size, signed, sign_bit, access, initial, min, max, unit }

An entry with `count` is a row of registers, numbered from `first` (1 if it isn't given) and named
after `of`, or after itself; `step` is the difference of their initial values.
"""

from collections.abc import Iterator
from typing import Any

from ashore.hardware.servo.register import Register


def registers(data: dict[str, Any]) -> list[Register]:
    """Take the registers out of a data file, and return them in the order of their addresses.

    Raises:
        KeyError: an entry lacks something.
        TypeError: an entry has an unknown key.
    """
    units = data.pop("units")
    byteorder = data.pop("byteorder", "little")
    found: list[Register] = []
    for section in ("eeprom", "ram"):
        for name, entry in data.pop(section).items():
            common = {"eeprom": section == "eeprom", "byteorder": byteorder}
            found += _row(name, common | _limits(entry) | _unit(entry, units))
    return sorted(found, key=lambda register: register.address)


def _unit(entry: dict[str, Any], units: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry says of its unit."""
    unit = units[entry["unit"]] if "unit" in entry else {"name": "1", "scale": 1.0}
    return {"unit": unit["name"], "scale": unit["scale"], "zero": unit.get("zero", 0)}


def _limits(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with the limits that its size has, where it names none."""
    entry = dict(entry)
    signed = entry.get("signed", False)
    sign_bit = entry.get("sign_bit", 8 * entry["size"] - 1)
    highest = (1 << sign_bit) - 1 if signed else (1 << 8 * entry["size"]) - 1
    lowest = -highest - ("sign_bit" not in entry) if signed else 0
    entry["minimum"], entry["maximum"] = entry.pop("min", lowest), entry.pop("max", highest)
    return entry


def _row(name: str, entry: dict[str, Any]) -> Iterator[Register]:
    """Go through the registers of an entry: one, or `count` of them."""
    count, step = entry.pop("count", None), entry.pop("step", 0)
    name, first = entry.pop("of", name), entry.pop("first", 1)
    if count is None:
        yield Register(name=name, **entry)
        return
    address, initial, size = entry.pop("address"), entry.pop("initial", 0), entry["size"]
    for i in range(count):
        place = {"address": address + i * size, "initial": initial + i * step}
        yield Register(name=f"{name}_{first + i}", **place, **entry)
