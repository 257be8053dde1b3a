"""Laws of the batch that knows forces: MuJoCo's own numbers, of the last stage of the last step."""

import gc

import mujoco
import numpy as np
import pytest
from mujoco.batch import Batch

from ashore.envs.errors import ModelError
from ashore.envs.gym.force_batch import ForceBatch

MODEL = mujoco.MjModel.from_xml_string("""
<mujoco>
  <option integrator="RK4" timestep="0.01"/>
  <worldbody>
    <geom name="floor" type="plane" size="0 0 1"/>
    <body name="ball" pos="0 0 0.099"><freejoint/><geom size="0.1"/></body>
    <body name="arm" pos="1 0 0.3">
      <joint name="swing" axis="0 1 0"/>
      <geom name="rod" type="capsule" size="0.03" fromto="0 0 0 0.4 0 0"/>
    </body>
  </worldbody>
  <actuator><motor name="pull" joint="swing"/></actuator>
</mujoco>
""")
N = 4


def started(kind, **options):
    batch = kind(MODEL, N, 2, **options)
    batch.bind("qvel")[:] = np.random.default_rng(0).normal(size=(N, MODEL.nv))
    return batch


def test_forces_are_those_that_mujoco_finds_after_its_own_step():
    ours, theirs = started(ForceBatch), started(Batch, persistent=True)
    forces, data = ours.bind("cfrc_ext"), mujoco.MjData(MODEL)
    for tick in range(40):
        for batch in (ours, theirs):
            batch.bind("ctrl")[:] = np.sin(tick)
            batch.step(nstep=3)
        assert ours.state.tobytes() == theirs.state.tobytes()
        assert np.array_equal(ours.bind("xpos"), theirs.bind("xpos"))
        for i in range(N):
            theirs.get_data(i, data)
            mujoco.mj_rnePostConstraint(MODEL, data)
            assert np.array_equal(forces[i], data.cfrc_ext)
    assert np.abs(forces).max() > 0.1


def test_a_call_for_some_leaves_the_others_alone():
    batch = started(ForceBatch)
    batch.step(nstep=20)
    forces, before = batch.bind("cfrc_ext"), batch.state.copy()
    batch.step(nstep=1)
    kept, some = forces.copy(), np.array([1, 3])
    batch.reset(some, stage=mujoco.mjtStage.mjSTAGE_NONE)
    batch.forward(some)
    assert not forces[some].any()
    assert np.array_equal(forces[[0, 2]], kept[[0, 2]])
    assert np.array_equal(batch.bind("qpos")[1], MODEL.qpos0)
    batch.step(some, nstep=5)
    assert batch.state[some].tobytes() != before[some].tobytes()
    assert batch.bind("time").tolist() == pytest.approx([0.21, 0.05, 0.21, 0.05])


def test_each_simulation_has_a_model_of_its_own():
    batch, nominal = started(ForceBatch), started(ForceBatch)
    assert batch.expanded("body_mass") is None
    batch.expand("body_mass")[2] *= 2.0
    batch.expand("opt.gravity")[3] = 0.0
    batch.set_const(np.array([2]))
    assert np.allclose(batch.expanded("body_subtreemass")[:, 2] / MODEL.body_mass[2], [1, 1, 2, 1])
    batch.step(nstep=10)
    nominal.step(nstep=10)
    same = (batch.bind("qpos") == nominal.bind("qpos")).all(axis=1)
    assert same.tolist() == [True, True, False, False]


def test_an_array_outlives_its_batch():
    batch = started(ForceBatch)
    batch.step(nstep=10)
    forces, speeds = batch.bind("cfrc_ext"), batch.bind("qvel")
    kept = forces.copy(), speeds.copy()
    del batch
    gc.collect()
    started(ForceBatch).step(nstep=10)
    assert np.array_equal(forces, kept[0])
    assert np.array_equal(speeds, kept[1])
    with pytest.raises(ValueError, match="read-only"):
        forces[:] = 0.0


def test_what_a_batch_cannot_show_or_expand_is_named():
    batch = ForceBatch(MODEL, 1, 1)
    with pytest.raises(ModelError, match="efc_force is not a field that a batch can show"):
        batch.bind("efc_force")
    with pytest.raises(ModelError, match="nq is not a field of the model"):
        batch.expand("nq")
