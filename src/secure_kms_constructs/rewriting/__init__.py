"""CDK sources with the constructs of this library; needs the extra ``rewrite``."""

from .changes import Rewritten, rewrite
from .decisions import Remark

__all__ = ["Remark", "Rewritten", "rewrite"]
