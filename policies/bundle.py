"""`Bundle`: a directory that holds a policy and everything needed to judge and run it."""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ashore.hardware.contract import Contract
from ashore.hardware.errors import HardwareError
from ashore.hardware.spec import RobotSpec
from ashore.policies.errors import BundleError
from ashore.policies.gymnasium_robot import GymnasiumRobot, pack_robot, unpack_robot
from ashore.policies.policy import Policy, Weights

FORMAT = 1
MANIFEST = "bundle.json"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A policy, its contract and robot, where it comes from, and what the gate said of it.

    A bundle is data: weights are arrays without pickles, the rest is JSON and text. The manifest
    holds the SHA-256 of every file, and `load` refuses a bundle whose files do not match.
    """

    robot: RobotSpec | GymnasiumRobot
    """What it was made for."""
    contract: Contract
    """What the policy sees and says."""
    actor: Weights
    """Weights of the policy, under `Policy`'s names."""
    critic: Weights
    """Weights of the value function and the exploration spread, for going on training."""
    randomization: str
    """JSON of the ranges it was trained over."""
    provenance: Mapping[str, Any]
    """Seed, steps, versions, configuration, and figures measured at the end of training."""
    verdict: Mapping[str, Any] | None = None
    """The gate's verdict with its evidence; None for a pretrained policy."""
    posterior: str | None = None
    """JSON of the posterior it was adapted in; None for a pretrained policy."""
    lineage: tuple[str, ...] = ()
    """Digests of the bundles it was adapted from, oldest first."""
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    """Further files for people, by name: the model card, a learning curve, a report."""

    @property
    def spec(self) -> RobotSpec:
        """The robot it was made for.

        Raises:
            BundleError: it was made for one that exists in a Gymnasium environment only.
        """
        if isinstance(self.robot, GymnasiumRobot):
            raise BundleError(
                f"this policy is for Gymnasium's {self.robot.name}, which exists in simulation "
                "only: there is nothing to record, adapt or deploy it on; train one for a robot "
                "with a spec.toml, such as servo"
            )
        return self.robot

    def require_robot(self) -> None:
        """Refuse a policy that no robot can run.

        Raises:
            BundleError: it was made for a Gymnasium environment.
        """
        _ = self.spec

    @property
    def policy(self) -> Policy:
        """The policy, run by numpy."""
        return Policy(self.actor)

    @property
    def digest(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of weights and contract."""
        return hashlib.sha256(_pack(self.actor) + self.contract.hash.encode()).hexdigest()[:16]

    def save(self, folder: str | Path) -> Path:
        """Write the bundle whole or not at all, replacing an older one of the same name.

        Raises:
            BundleError: the place exists and is not a bundle, or cannot be written.
        """
        target = Path(folder)
        if target.exists() and not (target / MANIFEST).exists():
            raise BundleError(f"{target} exists and is not a bundle; choose another place")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as near:
                self._fill(Path(near, "new"))
                _swap(Path(near, "new"), target, Path(near, "old"))
        except OSError as error:
            raise BundleError(f"cannot write bundle {target}: {error.strerror}") from None
        return target

    def _fill(self, folder: Path) -> None:
        files = {
            "weights.npz": _pack(self.actor),
            "critic.npz": _pack(self.critic),
            "contract.json": self.contract.to_json().encode(),
            **pack_robot(self.robot),
            "randomization.json": self.randomization.encode(),
            "provenance.json": _json(dict(self.provenance)),
            **self.attachments,
        }
        if self.verdict is not None:
            files["verdict.json"] = _json(dict(self.verdict))
        if self.posterior is not None:
            files["posterior.json"] = self.posterior.encode()
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        manifest = {
            "format": FORMAT,
            "digest": self.digest,
            "lineage": list(self.lineage),
            "attachments": sorted(self.attachments),
            "sha256": {name: _sha(content) for name, content in files.items()},
        }
        (folder / MANIFEST).write_bytes(_json(manifest))

    @classmethod
    def load(cls, folder: str | Path) -> "Bundle":
        """Read a bundle and check it against its manifest.

        Raises:
            BundleError: not a bundle, of another format, damaged, or edited by hand.
        """
        root = Path(folder)
        files, manifest = _read(root)
        try:
            bundle = cls(
                robot=unpack_robot(files),
                contract=Contract.from_json(files["contract.json"].decode()),
                actor=_unpack(files["weights.npz"]),
                critic=_unpack(files["critic.npz"]),
                randomization=files["randomization.json"].decode(),
                provenance=json.loads(files["provenance.json"]),
                verdict=json.loads(files["verdict.json"]) if "verdict.json" in files else None,
                posterior=files["posterior.json"].decode() if "posterior.json" in files else None,
                lineage=tuple(manifest["lineage"]),
                attachments={name: files[name] for name in manifest["attachments"]},
            )
            bundle.require_whole()
        except KeyError as error:
            raise BundleError(f"bundle {root} has no {error}; make it again") from None
        except (ValueError, TypeError, HardwareError) as error:
            raise BundleError(f"bundle {root} cannot be read: {error}") from None
        return bundle

    def require_whole(self) -> None:
        """Check that weights, contract and robot belong together.

        Raises:
            BundleError: the network's widths are not the contract's.
            ContractError: the contract is another robot's.
        """
        policy, contract = self.policy, self.contract
        if isinstance(self.robot, RobotSpec):
            contract.require_fit(self.robot)
        elif contract.robot != self.robot.name:
            raise BundleError(
                f"the contract is of {contract.robot!r} and the environment is "
                f"{self.robot.name!r}: they are of different policies"
            )
        found = policy.observation_size, policy.action_size
        wanted = contract.observation_size, contract.action_size
        if found != wanted:
            raise BundleError(
                f"the network takes {found[0]} observations and gives {found[1]} actions; the "
                f"contract has {wanted[0]} and {wanted[1]}: they are of different policies"
            )


def _swap(new: Path, target: Path, aside: Path) -> None:
    """Put `new` where `target` is; a failure leaves the old one, a kill leaves it aside."""
    if target.exists():
        os.replace(target, aside)
    try:
        os.replace(new, target)
    except OSError:
        if aside.exists():
            os.replace(aside, target)
        raise


def _read(root: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    try:
        manifest = json.loads((root / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise BundleError(
                f"bundle {root} has format {manifest['format']}; this version reads {FORMAT}"
            )
        files = {}
        for name, digest in manifest["sha256"].items():
            if Path(name).name != name:
                raise BundleError(f"bundle {root} names a file outside itself: {name!r}")
            files[name] = (root / name).read_bytes()
            if _sha(files[name]) != digest:
                raise BundleError(f"bundle {root}: {name} was edited or damaged; restore it")
    except FileNotFoundError as error:
        missing = Path(str(error.filename))
        if missing.name == MANIFEST:
            raise BundleError(f"{root} is not a bundle: it has no {MANIFEST}") from None
        raise BundleError(f"bundle {root} has lost {missing.name}; make it again") from None
    except OSError as error:
        raise BundleError(f"cannot read bundle {root}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BundleError(f"bundle {root}: {MANIFEST} is not a manifest; make it again") from None
    return files, manifest


def _pack(arrays: Weights) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    return buffer.getvalue()


def _unpack(content: bytes) -> dict[str, NDArray[np.float32]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:
        raise BundleError(f"weights cannot be read: {error}") from None


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, indent=2).encode()


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
