import re
import subprocess
import sys

TINY = ("--model", "sr_lut", "--nf", "2", "--batch-size", "1", "--patch-size", "4", "--steps", "3")


def dfc(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-c", "from dfc.cli import main; main()", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_time_of_a_training_step_is_printed() -> None:
    done = dfc("step-time", *TINY)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^sr_lut x4 sdy, nf 2, .* median 0\.\d+ s a step .* 3 steps", done.stdout)


def test_an_unknown_architecture_is_one_line() -> None:
    done = dfc("step-time", "--model", "esrgan")
    assert done.returncode == 1
    assert done.stderr == "error: architecture 'esrgan' is none of sr_lut, mulut, spf_lut\n"


def test_a_bad_option_is_refused_without_a_traceback() -> None:
    done = dfc("step-time", "--steps", "0")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
