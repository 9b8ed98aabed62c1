import numpy as np
import pytest

from dfc.evaluation.competitors import find_competitors

IMAGE = np.zeros((6, 10, 3), np.uint8)


def test_fsrcnn_gives_four_times_the_pixels() -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    (restored,) = find_competitors(10, 6, 4, threads=1)["FSRCNN, luma only"](IMAGE)
    assert restored.shape == (1, 1, 24, 40)


def test_bicubic_gives_four_times_the_pixels() -> None:
    pytest.importorskip("cv2")
    assert find_competitors(10, 6, 4, threads=1)["OpenCV bicubic"](IMAGE).shape == (24, 40, 3)
