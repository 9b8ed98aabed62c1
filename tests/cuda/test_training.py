"""Training on a GPU, compared with the CPU; these tests are skipped where there is none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from dfc.data.crops import CropSampler
from dfc.data.store import Example, PairStore
from dfc.engine.training import EngineModel
from dfc.models.architectures import ARCHITECTURES, build
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.tasks import build_task
from dfc.training.batches import Batches
from dfc.training.loop import Ema, compute_loss, take_step
from dfc.training.stage import make_trainable

pytestmark = pytest.mark.cuda

MakeLut = Callable[..., Lut]
GPU = torch.device("cuda")
COLOURS = {"pair_lut": 3}
SMALL = {"patterns": "sd", "channels": 6}
ROUNDED = {"shift_lut": 0.02}  # its kernels round gradients to bfloat16
CASES = [("mulut", False), *((name, True) for name in ARCHITECTURES)]


def compute_gradients(model: nn.Module, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Restore an image in training, and compute gradients, both on the CPU again."""
    device = image.device
    restored = model.to(device).train()(image)
    weights = torch.sin(torch.arange(restored.numel(), device=device)).view_as(restored)
    (restored * weights).sum().backward()
    gradients = {name: values.grad.cpu() for name, values in model.named_parameters()}
    return restored.detach().cpu(), gradients


def assert_same_gradients(cpu: nn.Module, gpu: nn.Module, colours: int, share: float) -> None:
    image = torch.randint(256, (2, colours, 11, 13), generator=torch.manual_seed(0)).float()
    expected, gradients = compute_gradients(cpu, image)
    found, others = compute_gradients(gpu, image.to(GPU))
    # Networks compute each value anew, so that some are rounded to the level beside.
    assert (found - expected).abs().mean() <= (0.01 if isinstance(cpu, Network) else 0)
    for name, gradient in gradients.items():
        assert (others[name] - gradient).norm() <= share * gradient.norm(), name


@pytest.mark.parametrize(("name", "compressed"), CASES)
def test_tables_get_the_gradients_that_they_get_on_the_cpu(
    make_lut: MakeLut, name: str, compressed: bool
) -> None:
    lut = make_lut(name, 2, interval=4, **SMALL)
    if compressed:
        lut = lut.compress("xyzt", 2, 5)
    models = EngineModel(lut, [7, 6]), make_trainable(lut, [7, 6], GPU)
    assert_same_gradients(*models, COLOURS.get(name, 1), ROUNDED.get(name, 1e-4))


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "shift_lut"])
def test_networks_get_the_gradients_that_they_get_on_the_cpu(name: str) -> None:
    cpu, gpu = (Network(build(name, 2, **SMALL), features=4) for _ in range(2))
    gpu.load_state_dict(cpu.state_dict())
    assert_same_gradients(cpu, gpu, COLOURS.get(name, 1), share=0.05)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_host_does_not_wait_within_a_step(
    tmp_path: Path, make_lut: MakeLut, write_store: Callable[..., None], name: str
) -> None:
    noise = np.random.default_rng(0).integers(256, size=(32, 32, 3), dtype=np.uint8)
    write_store(tmp_path / "store", {"train": [Example("noise", noise[::2, ::2], noise)]}, 2)
    store, task = PairStore(tmp_path / "store", "train"), build_task("sr", 2)
    sampler = CropSampler(store, 4, 8, 0, task, COLOURS.get(name, 1))
    model = make_trainable(make_lut(name, 2, interval=4, **SMALL), [7], GPU).to(GPU).train()
    optimizer, ema = torch.optim.Adam(model.parameters(), fused=True), Ema(model)
    try:
        for degraded, target in Batches(sampler, Accelerator()).draw(range(4)):
            take_step(compute_loss(model(degraded), target, floor=1e-3), optimizer)
            ema.update(model)
            # The first step puts constants on the GPU, and compiles kernels.
            torch.cuda.set_sync_debug_mode("error")
    finally:
        torch.cuda.set_sync_debug_mode("default")
