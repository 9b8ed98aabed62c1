import pytest
import torch

from dfc.architectures import build
from dfc.interop import network_from_published
from dfc.network import DEPTH, Cell, Network

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
    network = Network(build(name, 2, "sd"), features=12)
    network(noise(1, 1, 10, 10)).square().mean().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), key


@pytest.mark.parametrize("rows", [1, 8192, 9000])
def test_a_cell_is_a_densely_connected_block(rows: int) -> None:
    cell = Cell(features=6, values=5, gain=1, offset=0).double()
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


def test_the_network_under_its_published_names_is_the_same_network() -> None:
    network = Network(build("mulut", 2, "s"), features=3)
    published = {}
    for key, tensor in network.state_dict().items():
        _, table, _, layer, kind = key.split(".")
        block = "conv." if layer in ("0", "5") else "conv1.conv."
        shaped = tensor[..., None, None] if kind == "weight" else tensor
        published[f"{table}.model.conv{int(layer) + 1}.{block}{kind}"] = shaped
    loaded = network_from_published(published, network.architecture)
    image = noise(1, 1, 4, 4)
    assert torch.equal(loaded(image), network(image))


def test_a_name_that_was_never_published_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'s1_s\.other' is not a name"):
        network_from_published({"s1_s.other": torch.zeros(1)}, build("mulut", 2, "s"))
