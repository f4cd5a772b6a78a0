"""What templates and cloud assemblies say will exist. Plain Python: needs neither Node nor CDK."""

from .landscape import Identity, Key, Landscape, Note, Resource, Source
from .loading import TemplateError
from .reading import read_assembly, read_templates

__all__ = [
    "Identity",
    "Key",
    "Landscape",
    "Note",
    "Resource",
    "Source",
    "TemplateError",
    "read_assembly",
    "read_templates",
]
