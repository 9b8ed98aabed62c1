"""Train FSRCNN x4, the network that LUTs for enlarging are shown beside: fsrcnn.safetensors.

    python fsrcnn.py

It is trained on the luma of the images that the LUTs of the zoo are trained on, by the same loop
(killed, it resumes), and measured on Set5.
"""

from pathlib import Path
from types import SimpleNamespace

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from dfc.common.errors import exit_on_user_error
from dfc.common.files import atomic_write
from dfc.common.pipeline import CHECKPOINTS, PREPARED
from dfc.data.crops import CropSampler
from dfc.data.layouts import find_benchmark_sets
from dfc.data.store import PairStore
from dfc.evaluation.benchmark import compare
from dfc.evaluation.scores import summarise
from dfc.params import Schedule
from dfc.tasks import build_task
from dfc.training.checkpoints import Checkpoints
from dfc.training.loop import fit
from dfc.training.stage import start_accelerator
from run import HERE, ROOT
from run import main as run_stages

NAME = "FSRCNN, trained here"
WEIGHTS = HERE / "fsrcnn.safetensors"
WORKSPACE = HERE / "work/sr-x4"  # whose images it is trained on
SCHEDULE = Schedule(total_iter=15000, lr0=3e-3, lr1=1e-5, mse_floor=3e-3, val_step=2500)
CROPS = 16, 20  # of a batch, and pixels of a side


class Fsrcnn(nn.Sequential):
    """FSRCNN(56, 12, 4) at scale 4 (Dong et al., ECCV 2016): 12,809 parameters.

    Takes pixels [B, 1, H, W], 0..255, and returns [B, 1, 4 H, 4 W], whole numbers 0..255 unless it
    is being trained.
    """

    architecture = SimpleNamespace(colours=1)

    def __init__(self) -> None:
        shapes = [(1, 56, 5), (56, 12, 1), *[(12, 12, 3)] * 4, (12, 56, 1)]
        layers = [
            layer
            for inputs, outputs, side in shapes
            for layer in (
                nn.Conv2d(inputs, outputs, side, padding=side // 2, padding_mode="replicate"),
                nn.PReLU(outputs),
            )
        ]
        last = nn.ConvTranspose2d(56, 1, 9, stride=4, padding=4, output_padding=3)
        for layer in layers[::2]:
            nn.init.kaiming_normal_(layer.weight, a=0.25)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(last.weight, std=0.01)
        super().__init__(*layers, last)

    def forward(self, image: Tensor) -> Tensor:
        """Enlarge images."""
        enlarged = super().forward(image / 255) * 255
        return enlarged if self.training else enlarged.round().clamp(0, 255)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "Fsrcnn":
        """Read the trained network."""
        network = cls().eval()
        network.load_state_dict(load_file(path))
        return network


def main() -> None:
    """Prepare the images unless they are there, train, and print what is reached on Set5."""
    sets = find_benchmark_sets(ROOT / "data/benchmark", ["Set5"], 4)  # before it takes long
    if not (WORKSPACE / PREPARED).exists():
        run_stages("sr-x4", ["prepare"])
    accelerator = start_accelerator(seed=0)
    training, validation = (PairStore(WORKSPACE / PREPARED, role) for role in ("train", "val"))
    count, side = CROPS
    sampler = CropSampler(training, count, side, 0, build_task("sr", 4))
    images = [image.digest for image in training.images]
    identity = {"schedule": SCHEDULE.model_dump(), "crops": CROPS, "images": images}
    checkpoints = Checkpoints(HERE / "work/fsrcnn" / CHECKPOINTS / "train", identity)

    def keep(network: nn.Module, iteration: int) -> None:
        """Keep nothing of a checkpoint but its state."""

    with checkpoints.lock():
        network = fit(Fsrcnn(), sampler, validation, SCHEDULE, accelerator, checkpoints, keep)
        with atomic_write(WEIGHTS) as partial:
            save_file(network.state_dict(), partial)
        checkpoints.clear()
    scores = compare(build_task("sr", 4), sets, {}, {NAME: network}).score()
    print(summarise(scores, {}).to_string(index=False))


if __name__ == "__main__":
    with exit_on_user_error():
        main()
