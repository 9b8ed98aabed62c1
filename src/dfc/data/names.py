"""What the names of folders and files say of images: target or degraded, how, at which scale."""

import re
from dataclasses import dataclass
from functools import cache

TARGETS = (
    *("gt", "hr", "hq", "truth", "groundtruth", "sharp", "target", "targets", "clean", "clear"),
    *("output", "outputs", "label", "labels", "reference", "norain", "normal", "highres"),
    *("hires", "high", "h", "original", "orig"),
)
"""Words for target images. Of several files of one image, that of the first word is taken."""
ABBREVIATIONS = ("lr", "lrbi", "lrbd", "lq")
CERTAIN = (*ABBREVIATIONS, "blur", "blurry", "blurred", "noisy", "hazy", "degraded", "bicubic")
"""Words for degraded images that need no counterpart; all others do, as folders of photographs may
be called so."""
DEGRADED = (
    *CERTAIN,
    *("input", "inputs", "noise", "lowres", "lores", "low", "l", "distorted", "compressed"),
    *("rain", "rainy"),
)
"""Words for degraded images."""
OF_FOLDERS = ("high", "h", "low", "l", "original", "orig")  # words that say nothing in file names
HOW = (
    *("bic", "bicubic", "unknown", "mild", "wild", "difficult", "gamma", "comp"),
    *("mod", "ground", "x"),
)
"""Words for how images were made degraded, or ready for it."""

SPLITS = {"train": ("train", "training"), "val": ("val", "valid", "validation", "test", "testing")}
"""Words for what images are for, by the split."""

# Abbreviations end before a small letter (GTmod12, LRbic), others before a capital (trainH).
_WORD = re.compile(
    r"De[A-Z][a-z]+|(?i:[hl][rq]|gt)(?=(?i:bic|mod)?x?\d)|(?:[HL][RQ]|GT)(?![A-WYZ])"
    r"|[A-Z]?[a-z]+?(?=x\d)|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]+|\d+|[^\W\dA-Za-z_]+"
)
# x4, SRF_4, 4x; DIV2K has x4m (mild), x4d (difficult) and x4w1 (wild) as well.
_SCALE = re.compile(r"_(?:(?:x|srf|scale)_([1-9])(?:_[md](?=_$)|_w_\d)?|([1-9])_x(?!_\d))(?=_)")


@dataclass(frozen=True)
class Reading:
    """What a name says."""

    words: tuple[str, ...]  # those of `TARGETS` and `DEGRADED`
    how: tuple[str, ...]  # those of `HOW`
    scale: int | None
    rest: str
    """All else, in lower case, which an image and its counterpart have in common."""
    whole: str  # the whole name, in lower case, with _ between its parts

    @property
    def says_degraded(self) -> bool:
        """Whether a word for degraded images is among them, which outweighs those for targets."""
        return any(word in DEGRADED for word in self.words)

    @property
    def says_target(self) -> bool:
        """Whether there are words for target images alone."""
        return bool(self.words) and not self.says_degraded

    @property
    def is_certain(self) -> bool:
        """Whether the name alone says that images are degraded: LQ, photos_LR, blur, train_blur."""
        words = CERTAIN if self.rest in ("", *SPLITS["train"], *SPLITS["val"]) else ABBREVIATIONS
        return any(word in words for word in self.words)


@cache
def read_name(name: str) -> Reading:
    """Read the name of a folder, or that of a file without its extension.

    Examples
    --------
    >>> read_name("LRbicx4")
    Reading(words=('lr',), how=('bic',), scale=4, rest='', whole='lr_bic_x_4')
    >>> read_name("baby_SRF_4_HR")
    Reading(words=('hr',), how=(), scale=4, rest='baby', whole='baby_srf_4_hr')
    """
    name = re.sub(r"(?i)(?<![a-z])LR(?=[1-9](?!\d))", "LRx", name)  # LR4 is LRx4
    name = re.sub(r"(?i)(noisy|noise|sigma)\d+", r"\1", name)  # how strong it is
    text = f"_{'_'.join(_WORD.findall(name)).lower()}_"
    scale = _SCALE.search(text)
    words = re.sub(r"_mod_\d+(?=_)", "_mod", _SCALE.sub("", text)).strip("_").split("_")
    return Reading(
        tuple(word for word in words if word in TARGETS or word in DEGRADED),
        tuple(word for word in words if word in HOW),
        int(scale[1] or scale[2]) if scale else None,
        "_".join(word for word in words if word not in (*TARGETS, *DEGRADED, *HOW)),
        text.strip("_"),
    )
