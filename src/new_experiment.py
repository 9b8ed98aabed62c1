"""Create an experiment directory: python -m src.new_experiment models/my_experiment"""

import argparse
from pathlib import Path

from dfc.common.errors import exit_on_user_error
from dfc.interop.experiment_directory import create

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m src.new_experiment", description=__doc__)
    parser.add_argument("folder", type=Path, help="the directory to create")
    with exit_on_user_error():
        print(f"{create(parser.parse_args().folder)}: edit it, then run the first step")
