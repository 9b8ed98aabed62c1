"""The page: one file that needs nothing else."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from dfc.evaluation.evidence import Evidence
from dfc.report.charts import COLOURS, DARK
from dfc.report.run import Run
from dfc.report.sections import SECTIONS


def render_page(title: str, evidence: Evidence, run: Run) -> str:
    """Render the page of the evidence and of what is known of a run: HTML that loads nothing."""
    environment = Environment(
        loader=PackageLoader("dfc.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made = ((section, section.make_section(evidence, run)) for section in SECTIONS)
    sections = [
        {
            "id": section.ID,
            "title": section.TITLE,
            "html": environment.get_template(f"sections/{section.ID}.html").render(content),
        }
        for section, content in made
        if content is not None
    ]
    return environment.get_template("page.html").render(
        title=title,
        subject=evidence.subject,
        baseline=evidence.baseline,
        task=evidence.task_title,
        light=COLOURS,
        dark=DARK,
        sections=sections,
        restore_page=run.restore_page,
    )
