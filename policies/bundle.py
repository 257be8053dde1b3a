"""`Bundle`: a directory that holds a policy and everything needed to judge and run it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ashore.hardware.contract import Contract
from ashore.hardware.errors import HardwareError
from ashore.hardware.spec import RobotSpec
from ashore.policies.errors import BundleError
from ashore.policies.gymnasium_robot import GymnasiumRobot, pack_robot, unpack_robot
from ashore.policies.parity import rehearsal, require_parity
from ashore.policies.policy import Policy, Weights
from ashore.policies.storage.bundle_files import (
    CRITIC,
    LARGEST,
    WEIGHTS,
    read_files,
    require_attachable,
    require_bundle,
    sha256,
)
from ashore.policies.storage.manifest import MANIFEST, Manifest
from ashore.policies.storage.soundness import require_sound, require_typed
from ashore.policies.storage.strict_json import read_json, write_json
from ashore.policies.storage.weights_file import pack_weights, unpack_weights
from ashore.policies.storage.whole_folder import write_folder

LONGEST_REASON = 400
"""Characters that are told of what is wrong with a bundle, which may hold anything."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A policy, its contract and robot, where it comes from, and what the gate said of it.

    A bundle is data: weights are safetensors, the rest is JSON and text. The manifest holds the
    SHA-256 of every file, and `load` refuses a bundle whose files do not match. It runs nothing of
    what it reads, and reads no more than a bundle may hold, whoever made it.
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
    rehearsal: Mapping[str, Any] | None = field(default=None, compare=False)
    """What the policy saw and said when the bundle was saved, to be run again before it drives;
    None for one that was never saved, or by a release that kept none."""

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
        return sha256(pack_weights(self.actor) + self.contract.hash.encode())[:16]

    def save(self, folder: str | Path) -> Path:
        """Write the bundle whole or not at all, replacing an older one of the same name.

        Raises:
            BundleError: the place exists and is not a bundle, or cannot be written.
        """
        target, files = Path(folder), self._files()
        if target.exists() and not (target / MANIFEST).exists():
            raise BundleError(f"{target} exists and is not a bundle; choose another place")
        try:
            write_folder(target, files)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BundleError(f"cannot write bundle {target}: {reason}") from None
        return target

    def _files(self) -> dict[str, bytes]:
        """What is written, by name, the manifest last.

        Raises:
            BundleError: it is more than a bundle may hold, or an attachment has a file's name.
        """
        require_attachable(self.attachments)
        files = {
            WEIGHTS: pack_weights(self.actor),
            CRITIC: pack_weights(self.critic),
            "contract.json": self.contract.to_json().encode(),
            **pack_robot(self.robot),
            "randomization.json": self.randomization.encode(),
            "provenance.json": write_json(self.provenance),
            **self.attachments,
        }
        if (rehearsed := self._rehearsed()) is not None:
            files["rehearsal.json"] = write_json(rehearsed)
        if self.verdict is not None:
            files["verdict.json"] = write_json(self.verdict)
        if self.posterior is not None:
            files["posterior.json"] = self.posterior.encode()
        if (size := sum(map(len, files.values()))) > LARGEST:
            raise BundleError(
                f"a bundle holds at most {LARGEST:,} bytes and this one has {size:,}: "
                f"its largest file is {max(files, key=lambda name: len(files[name]))}"
            )
        manifest = Manifest(
            digest=self.digest,
            lineage=self.lineage,
            attachments=tuple(sorted(self.attachments)),
            sha256={name: sha256(content) for name, content in files.items()},
        )
        return {**files, MANIFEST: manifest.to_bytes()}

    def _rehearsed(self) -> dict[str, Any] | None:
        """A rehearsal of the policy; None of weights that no contract lets drive anything."""
        try:
            self.require_whole()
        except (BundleError, HardwareError):
            return None
        return {"digest": self.digest, **rehearsal(self.contract, self.policy)}

    def require_parity(self) -> None:
        """Check that the policy says here what it said where the bundle was saved.

        Raises:
            BundleError: it says something else.
        """
        # Whoever gave a loaded bundle other weights has a policy that was not rehearsed.
        if self.rehearsal is not None and self.rehearsal.get("digest") == self.digest:
            require_parity(self.contract, self.policy, self.rehearsal)

    @classmethod
    def load(cls, folder: str | Path) -> "Bundle":
        """Read a bundle and check it against its manifest.

        Raises:
            BundleError: not a bundle, of another format, damaged, edited by hand, or hostile.
        """
        root = Path(folder)
        require_bundle(root)
        try:
            return cls._assemble(*read_files(root))
        except KeyError as error:
            raise BundleError(f"bundle {root} has no {error}; make it again") from None
        except (BundleError, HardwareError, ValueError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            cut = reason[:LONGEST_REASON] + "…" * (len(reason) > LONGEST_REASON)
            raise BundleError(f"bundle {root} cannot be read: {cut}") from None

    @classmethod
    def _assemble(cls, files: Mapping[str, bytes], manifest: Manifest) -> "Bundle":
        provenance = read_json(files["provenance.json"])
        verdict = read_json(files["verdict.json"]) if "verdict.json" in files else None
        robot = unpack_robot(files)
        require_typed(robot, provenance, verdict)
        bundle = cls(
            robot=robot,
            contract=Contract.from_json(files["contract.json"].decode()),
            actor=unpack_weights(files[WEIGHTS], WEIGHTS),
            critic=unpack_weights(files[CRITIC], CRITIC),
            randomization=files["randomization.json"].decode(),
            provenance=provenance,
            verdict=verdict,
            posterior=files["posterior.json"].decode() if "posterior.json" in files else None,
            lineage=manifest.lineage,
            attachments={name: files[name] for name in manifest.attachments},
            rehearsal=_table(files.get("rehearsal.json")),
        )
        require_sound(bundle.contract)
        bundle.require_whole()
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
        if policy.latent is not None and policy.present_size != contract.present_size:
            raise BundleError(
                f"the network's encoder begins behind {policy.present_size} observations, and the "
                f"contract's context behind {contract.present_size}: they are of different policies"
            )
        found = policy.observation_size, policy.action_size
        wanted = contract.observation_size, contract.action_size
        if found != wanted:
            raise BundleError(
                f"the network takes {found[0]} observations and gives {found[1]} actions; the "
                f"contract has {wanted[0]} and {wanted[1]}: they are of different policies"
            )


def _table(content: bytes | None) -> Mapping[str, Any] | None:
    found = None if content is None else read_json(content)
    if found is not None and not isinstance(found, dict):
        raise BundleError("rehearsal.json is no table; make the bundle again")
    return found
