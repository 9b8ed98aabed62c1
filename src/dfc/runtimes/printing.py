"""Templates of the printers, and filters that all of them use."""

from collections.abc import Iterable

from jinja2 import Environment, PackageLoader, StrictUndefined

NUMBERS = 24  # a line


def make_environment() -> Environment:
    """Make an environment for the templates of a target: `templates/TARGET/FILE`."""
    environment = Environment(
        loader=PackageLoader("dfc.runtimes"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # source code
    )
    environment.filters["numbers"] = print_numbers
    return environment


def print_numbers(numbers: Iterable[int]) -> str:
    """Print numbers with commas, some a line."""
    texts = list(map(str, numbers))
    lines = (texts[start : start + NUMBERS] for start in range(0, len(texts), NUMBERS))
    return ",\n".join(",".join(line) for line in lines)
