"""L1s beside the constructs of which each other file asks: where an L2 writes a statement of its own, only its L1 shows
that this library does, and some properties name a key, or lead to one, in several ways.
"""

from __future__ import annotations

from tests.semantics.services.l1_messages import MESSAGES
from tests.semantics.services.l1_others import OTHERS
from tests.semantics.services.l1_roles import BACKUPS, READERS
from tests.semantics.services.l1_storage import STORAGE

BY_L1 = (*STORAGE, *MESSAGES, *OTHERS, *BACKUPS, *READERS)
