"""Both example stacks as one CDK app: `cdk synth` or `cdk deploy --all` in this directory."""

import os

from aws_cdk import App, Environment
from hardened_secrets import HardenedSecrets
from stock_l2 import StockL2

app = App()
# The account and the region of the AWS credentials that the CDK CLI found.
here = Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=os.environ.get("CDK_DEFAULT_REGION"))
StockL2(app, "StockL2", env=here)
HardenedSecrets(app, "HardenedSecrets", env=here)
app.synth()
