"""Sections of the page: each file has its data, its figures and its alternative texts.

A section has an ID, which names its template, a TITLE, and `make_section`, which gives what the
template takes, or None where there is nothing to show.
"""

from dfc.report.sections import headline, inside, methods, pictures, quality, training

SECTIONS = (headline, quality, methods, pictures, inside, training)  # in the order of the page
