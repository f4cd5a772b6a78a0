"""An app that is checked when it is synthesized: one finding is acknowledged, and the role that deploys is excepted."""

from aws_cdk import Acknowledgment, App, Environment, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from secure_kms_constructs import HardenedKey, KmsLeastPrivilegeChecks, documented_exception


class Pipeline(Stack):
    """A key of the library, a key with a history, and the role of a pipeline."""

    def __init__(self, scope: Construct, construct_id: str, *, env: Environment | None = None) -> None:
        super().__init__(scope, construct_id, env=env)
        HardenedKey(self, "Key")

        signing_key = kms.Key(self, "SigningKey", key_spec=kms.KeySpec.RSA_2048, key_usage=kms.KeyUsage.ENCRYPT_DECRYPT)
        reason = "the scanners of the partner take keys of 2048 bits only, review by 2099-06-30"
        Validations.of(signing_key).acknowledge(Acknowledgment(id="KmsLeastPrivilege::KLP404", reason=reason))

        pipeline = iam.Role(self, "Pipeline", assumed_by=iam.WebIdentityPrincipal("token.actions.example.com"))
        artifacts = iam.PolicyStatement(actions=["kms:Decrypt"], resources=["*"])
        pipeline.add_to_policy(artifacts)
        documented_exception(pipeline, "it decrypts the artifacts of every account of ours", review_by="2099-06-30")


def build(outdir: str | None = None) -> App:
    app = App(outdir=outdir)
    Validations.of(app).add_plugins(KmsLeastPrivilegeChecks())
    Pipeline(app, "Pipeline", env=Environment(account="111122223333", region="us-east-1"))
    return app


if __name__ == "__main__":
    build().synth()
