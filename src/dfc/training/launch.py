"""Launch a training stage: `accelerate launch`, which ends as its workers do, without a traceback.

python -m dfc.training.launch --config_file accelerate.yaml --num_processes 2 stages/train.py
"""

import logging
import os
import sys
import warnings

from accelerate.commands.launch import (
    _validate_launch_command,
    launch_command,
    launch_command_parser,
)
from accelerate.utils.launch import prepare_simple_launcher_cmd_env
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

INHERITED = ("RANK", "WORLD_SIZE", "PMI_SIZE")
"""Ends of the names of variables by which others, as a cluster, count processes of their own."""


def main() -> None:
    """Launch the processes that the arguments ask for, and exit as they do.

    A single process takes the place of this one: it needs no network, not even the loopback.
    """
    for name in [name for name in os.environ if name.endswith(INHERITED)]:
        del os.environ[name]
    # Threads of OpenMP that spin while they wait slow two trainings on the same cores tenfold.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Workers say themselves what is wrong; the launcher would add 40 lines.
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="torch.distributed")
    arguments, *_ = _validate_launch_command(launch_command_parser().parse_args())
    if arguments.multi_gpu and arguments.num_processes == 1:
        command, environment = prepare_simple_launcher_cmd_env(arguments)
        os.execve(command[0], command, environment)
    try:
        launch_command(arguments)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        if failure.exitcode < 0:
            sys.exit(f"error: a process of the training was ended by signal {-failure.exitcode}")
        sys.exit(failure.exitcode)
    except ConnectionError as error:  # the port is taken
        sys.exit(f"error: {error}")
    except SignalException as error:
        sys.exit(128 + error.sigval)


if __name__ == "__main__":
    main()
