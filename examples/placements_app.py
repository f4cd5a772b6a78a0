"""The examples in which key, resource and reader live apart, as one CDK app."""

import os

from aws_cdk import App, Environment
from brownfield import Brownfield
from log_groups import LogGroups
from rotation import Keys, Rotation
from superset import Superset

app = App()
here = Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
keys = Keys(app, "RotationKeys", env=here)
Rotation(app, "Rotation", keys, env=here)
LogGroups(app, "LogGroups", env=here)
Superset(app, "Superset", env=here)
Superset(app, "SupersetOwnKeys", own_keys=True, env=here)
Brownfield(app, "Brownfield", env=here)
app.synth()
