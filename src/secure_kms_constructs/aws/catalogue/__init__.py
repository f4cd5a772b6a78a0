"""The catalogue: what every AWS service needs of a KMS key, one row for each principal that needs it.

What a page says is written here by hand and wins; the rest is what the handlers of the CloudFormation registry list
(``handlers.json``, made by ``tools/catalogue.py``). Nothing is read before it is asked for.
"""

from .backups import SELECTION
from .needs import Basis, Grants, Need, Require, Who, holds
from .prefixes import page_of, prefix_of
from .reading import (
    SCHEMAS,
    Handlers,
    context_pattern,
    edges_from,
    edges_to,
    handlers_of,
    inherited_need,
    inherits,
    key_paths,
    leads_through,
    needs_of,
    resource_types,
    source_of,
    through_types,
    written,
)

__all__ = [
    "SCHEMAS",
    "SELECTION",
    "Basis",
    "Grants",
    "Handlers",
    "Need",
    "Require",
    "Who",
    "context_pattern",
    "edges_from",
    "edges_to",
    "handlers_of",
    "holds",
    "inherited_need",
    "inherits",
    "key_paths",
    "leads_through",
    "needs_of",
    "page_of",
    "prefix_of",
    "resource_types",
    "source_of",
    "through_types",
    "written",
]
