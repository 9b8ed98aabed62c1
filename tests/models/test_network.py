import pytest
import torch

from dfc.models.architectures import build
from dfc.models.layers import Layer, Lookup
from dfc.models.network import DEPTH, Cell, Network

ARCHITECTURES = ["sr_lut", "mulut", "spf_lut"]


def noise(*shape: int) -> torch.Tensor:
    return torch.randint(256, shape, generator=torch.manual_seed(0)).float()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_training_starts_near_nearest_neighbour(name: str) -> None:
    torch.manual_seed(0)
    image = noise(1, 1, 9, 8)
    with torch.no_grad():
        restored = Network(build(name, 2), features=16)(image)
    nearest = image.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert (restored - nearest).abs().mean() < 20


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_parameter_is_trained(name: str) -> None:
    network = Network(build(name, 2, patterns="sd"), features=12)
    network(noise(1, 1, 10, 10)).square().mean().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), key


@pytest.mark.parametrize("rows", [1, 8192, 9000])
def test_a_cell_is_a_densely_connected_block(rows: int) -> None:
    lookup = Lookup("table", (((0, 0, 0),) * 4,))
    cell = Cell(lookup, Layer((lookup,), divisor=4, out_channels=5), features=6).double()
    taps = noise(rows, 4).double()
    features = torch.relu(cell.layers[0](taps / 255))
    for layer in cell.layers[1:DEPTH]:
        features = torch.cat([features, torch.relu(layer(features))], 1)
    raw = cell.layers[DEPTH](features)
    # The cell answers in single precision: it may round the other way.
    assert (cell(taps) - (127 * torch.tanh(raw)).round()).abs().max() <= 1


def test_turned_images_are_restored_turned() -> None:
    network = Network(build("mulut", 2), features=5)
    image = noise(1, 1, 6, 9)
    with torch.no_grad():
        turned = network(torch.rot90(image, 1, (2, 3)))
        assert torch.equal(turned, torch.rot90(network(image), 1, (2, 3)))
