"""Templates: autoescape on, an unknown name is an error, never an empty place."""

import dataclasses
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shipway.studio.contexts import FrameContext

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
FRAME = "frame"


def environment() -> Environment:
    """The templates of the studio."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip


def render(templates: Environment, template: str, *, frame: FrameContext, context: Any) -> str:  # noqa: ANN401  # a dataclass of contexts.py
    """A page: the fields of its context are the template's variables, `frame` is around it."""
    names = {field.name: getattr(context, field.name) for field in dataclasses.fields(context)}
    return templates.get_template(template).render({**names, FRAME: frame})
