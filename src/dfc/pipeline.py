"""What the stages of dvc.yaml leave where."""

from pathlib import Path

PREPARED = Path("data/prepared")
TRAINED = Path("models/trained.safetensors")
LUT = Path("models/lut.safetensors")
DFC = Path("models/dfc.safetensors")
FINETUNED = Path("models/finetuned.safetensors")
REPORTS = Path("reports")
CHECKPOINTS = Path(".checkpoints")
"""Outside every stage's outputs, which DVC deletes before it runs a stage."""
