"""`python -m dfc`: the command `dfc`."""

from dfc.cli import main

main()
