"""Pictures: examples with a slider between methods, magnified parts, maps of the error."""

from typing import Any

from dfc.evaluation.evidence import MOST_ERROR, TARGET, Evidence, Example
from dfc.report.pictures import colour_errors, make_data_uri
from dfc.report.run import Run

ID, TITLE = "gallery", "Pictures"


def make_section(evidence: Evidence, run: Run) -> dict[str, Any]:
    """Lay out the examples."""
    return {
        "examples": [lay_out_example(example, evidence) for example in evidence.examples],
        "most_error": MOST_ERROR,
        "subject": evidence.subject,
    }


def lay_out_example(example: Example, evidence: Evidence) -> dict[str, Any]:
    """Lay out an example as the template takes it."""
    height, width = example.windows[TARGET].shape[:2]
    return {
        "title": example.title,
        "set": example.set,
        "image": example.image,
        "gain": f"{example.gain:+.2f} dB",
        "width": width,
        "height": height,
        "left": evidence.baseline,
        "right": evidence.subject,
        "windows": [
            {
                "method": method,
                "uri": make_data_uri(picture),
                "alt_text": _describe(example, method),
            }
            for method, picture in example.windows.items()
        ],
        "crops": [
            {
                "method": method,
                "uri": make_data_uri(picture),
                "alt_text": f"{_describe(example, method)}, magnified",
                "score": _format_psnr(example, method),
            }
            for method, picture in example.crops.items()
        ],
        "errors": [
            {
                "method": method,
                "uri": make_data_uri(colour_errors(error)),
                "alt_text": f"{example.image}, {method}: error of the luma, "
                f"{example.mean_error[method]:.1f} levels in the mean",
                "mean": f"{example.mean_error[method]:.1f}",
            }
            for method, error in example.errors.items()
        ],
    }


def _format_psnr(example: Example, method: str) -> str:
    return f"{example.psnr[method]:.2f} dB" if method in example.psnr else ""


def _describe(example: Example, method: str) -> str:
    if method == TARGET:
        return f"{example.image}, the target"
    return f"{example.image}, {method}, {_format_psnr(example, method)}"
