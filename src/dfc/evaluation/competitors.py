"""What else enlarges an image on a CPU, to compare with: it is measured where it is installed."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

Enlarge = Callable[[NDArray[np.uint8]], object]


def find_competitors(width: int, height: int, scale: int, threads: int) -> dict[str, Enlarge]:
    """Functions that enlarge an RGB image, by name; those whose packages are installed."""
    found: dict[str, Enlarge] = {}
    if find_spec("onnxruntime") and find_spec("onnx") and scale > 1:
        found["FSRCNN, luma only"] = _fsrcnn(width, height, scale, threads)
    if find_spec("cv2"):
        import cv2

        cv2.setNumThreads(threads)
        bicubic = {"fx": scale, "fy": scale, "interpolation": cv2.INTER_CUBIC}
        found["OpenCV bicubic"] = lambda image: cv2.resize(image, None, **bicubic)
    return found


def _fsrcnn(width: int, height: int, scale: int, threads: int) -> Enlarge:
    """FSRCNN (56-12-4, ECCV 2016) with random weights, on the first channel alone."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    nodes, weights, last = [], [], "image"

    def add(operator: str, *shapes: tuple[int, ...], **options: object) -> None:
        nonlocal last
        names = [f"{operator}{len(nodes)}_{k}" for k in range(len(shapes))]
        for name, shape in zip(names, shapes, strict=True):
            values = (rng.standard_normal(shape) / 10).astype(np.float32)
            weights.append(numpy_helper.from_array(values, name))
        output = f"value{len(nodes)}"
        nodes.append(helper.make_node(operator, [last, *names], [output], **options))
        last = output

    def convolve(inputs: int, outputs: int, side: int) -> None:
        options = {"pads": [side // 2] * 4, "kernel_shape": [side, side]}
        add("Conv", (outputs, inputs, side, side), (outputs,), **options)
        add("PRelu", (outputs, 1, 1))

    convolve(1, 56, 5)
    convolve(56, 12, 1)
    for _ in range(4):
        convolve(12, 12, 3)
    convolve(12, 56, 1)
    # 9x9 with a stride of `scale`, cut to exactly `scale` times the size.
    options = {"strides": [scale] * 2, "output_shape": [height * scale, width * scale]}
    add("ConvTranspose", (56, 1, 9, 9), (1,), kernel_shape=[9, 9], **options)

    def value(name: str, factor: int) -> onnx.ValueInfoProto:
        shape = [1, 1, height * factor, width * factor]
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(nodes, "fsrcnn", [value("image", 1)], [value(last, scale)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    # Its threads would go on spinning, and slow down whatever is timed next.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), settings, providers=["CPUExecutionProvider"]
    )
    return lambda image: session.run(None, {"image": image[None, None, ..., 0].astype(np.float32)})
