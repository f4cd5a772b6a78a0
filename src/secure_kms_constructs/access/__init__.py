"""Who can use which key, told from templates alone. Plain Python: needs neither Node nor CDK."""

from .assertions import DEPLOYER, ROOT, assert_can, assert_cannot, assert_only, imported
from .diffs import Change, Diff, Difference
from .errors import AccessError
from .explanations import Explanation
from .maps import AccessMap
from .outsiders import ANYBODY_ELSE
from .rows import Row, StatementReference
from .texts import Line

__all__ = [
    "ANYBODY_ELSE",
    "DEPLOYER",
    "ROOT",
    "AccessError",
    "AccessMap",
    "Change",
    "Diff",
    "Difference",
    "Explanation",
    "Line",
    "Row",
    "StatementReference",
    "assert_can",
    "assert_cannot",
    "assert_only",
    "imported",
]
