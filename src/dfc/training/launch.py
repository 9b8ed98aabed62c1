"""Launch a training stage: `accelerate launch`, which ends as its workers do, without a traceback.

python -m dfc.training.launch --config_file accelerate.yaml --num_processes 2 stages/train.py
"""

import logging
import os
import sys
import warnings

from accelerate.commands.launch import launch_command, launch_command_parser
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError


def main() -> None:
    """Launch the processes that the arguments ask for, and exit as they do."""
    # Threads of OpenMP that spin while they wait slow two trainings on the same cores tenfold.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Workers say themselves what is wrong; the launcher would add 40 lines.
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="torch.distributed")
    try:
        launch_command(launch_command_parser().parse_args())
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        if failure.exitcode < 0:
            sys.exit(f"error: a process of the training was ended by signal {-failure.exitcode}")
        sys.exit(failure.exitcode)
    except SignalException as error:
        sys.exit(128 + error.sigval)


if __name__ == "__main__":
    main()
