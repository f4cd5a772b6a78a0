"""HardenKeys: an Aspect that makes every key of an app a hardened one, those that CDK's constructs make included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import jsii
from aws_cdk import Annotations, IAspect
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import IConstruct

from .aws.services import Service
from .cdk.adopting import Owners, adopt
from .cdk.findings import PRINCIPAL, SERVICE, check_no_text, check_several
from .cdk.granting_keys import GrantingKey


@jsii.implements(IAspect)
class HardenKeys:
    """Gives every ``kms.Key`` of an app, stage or stack the key policy of a ``HardenedKey``, or says why it cannot.

    For keys that other constructs make, such as the artifact key of CDK Pipelines, and as a first step for an app with
    many keys: ``Aspects.of(app).add(HardenKeys())``. Keys keep their logical ids, so they stay the keys that they are.
    As every Aspect it reaches the stacks of an app, and not its stages: add it to each ``Stage`` too.

    What was granted until then is admitted: for each role or user with a policy that names the key, the key policy
    says who, and both are needed. A statement that the L2 added to the key policy is narrowed as a ``HardenedKey``
    would. Symmetric keys rotate, and a deletion waits 30 days; the removal policy stays. Use by roles of other apps
    cannot be seen: name their service in ``delegate_via``, or leave the key out.

    A key whose grants cannot all be served is left as it was, with a warning, and stands in ``refused``.

    :param administrators: as for ``HardenedKey``, for each key. Default: none.
    :param policy_administrators: as for ``HardenedKey``. Default: none.
    :param deployer: as for ``HardenedKey``. Default: the execution role of the synthesizer of each key's stack.
    :param delegate_via: as for ``HardenedKey``. Default: none.
    :param provision_via: as for ``HardenedKey``. Default: none.
    :param exclude: keys that are left as they are. Default: none.
    :param separation_of_duties: as for ``HardenedKey``. Default: True.
    :param organization: as for ``HardenedKey``. Default: none.
    :param fail_on_refusal: whether a key that is refused fails the synth. Default: False.
    :raises ValueError: for texts where constructs are needed.

    https://docs.aws.amazon.com/cdk/v2/guide/aspects.html
    """

    def __init__(
        self,
        *,
        administrators: Sequence[iam.IGrantable] = (),
        policy_administrators: Sequence[iam.IGrantable] = (),
        deployer: iam.IGrantable | None = None,
        delegate_via: Sequence[Service] = (),
        provision_via: Sequence[Service] = (),
        exclude: Sequence[IConstruct] = (),
        separation_of_duties: bool = True,
        organization: str | None = None,
        fail_on_refusal: bool = False,
    ) -> None:
        for name, several, instead in (
            ("administrators", administrators, PRINCIPAL),
            ("policy_administrators", policy_administrators, PRINCIPAL),
            ("delegate_via", delegate_via, SERVICE),
            ("provision_via", provision_via, SERVICE),
            ("exclude", exclude, "the keys themselves"),
        ):
            check_several(name, several, instead)
        check_no_text("deployer", deployer, PRINCIPAL)
        self._owners = Owners(
            deployer,
            administrators,
            policy_administrators,
            delegate_via,
            provision_via,
            separation_of_duties,
            organization,
        )
        self._excluded = {one.node.path for one in exclude}
        self._fails = fail_on_refusal
        self._hardened: dict[str, None] = {}
        self._refused: dict[str, tuple[str, ...]] = {}

    @property
    def hardened(self) -> tuple[str, ...]:
        """The paths of the keys that have the policy of a HardenedKey; after synth."""
        return tuple(self._hardened)

    @property
    def refused(self) -> Mapping[str, tuple[str, ...]]:
        """Why keys were left as they were, by their paths; after synth."""
        return dict(self._refused)

    def visit(self, node: IConstruct) -> None:
        """Harden a key; CDK calls it for each construct.

        :param node: the construct.
        """
        if isinstance(node, kms.Key):
            path = node.node.path
            if isinstance(node, GrantingKey) or path in {*self._excluded, *self._hardened, *self._refused}:
                return
            try:
                adopt(node, self._owners, partial(self._refuse, node))
            except ValueError as error:
                self._refuse(node, [str(error)])
            else:
                self._hardened[path] = None
        elif isinstance(node, kms.CfnKey) and not isinstance(node.node.scope, kms.Key):
            self._refuse_l1(node)

    def _refuse_l1(self, key: kms.CfnKey) -> None:
        if key.node.path not in self._excluded:
            self._refuse(key, ["it is a kms.CfnKey, on which nothing can be granted: make it a HardenedKey"])

    def _refuse(self, key: IConstruct, reasons: Sequence[str]) -> None:
        path = key.node.path
        if path in self._refused:
            return
        self._hardened.pop(path, None)
        self._refused[path] = tuple(reasons)
        told = f"HardenKeys leaves {path} as it is: {'; '.join(reasons)}. Make it a HardenedKey, or exclude it"
        notes = Annotations.of(key)
        if self._fails:
            notes.add_error(told)
        else:
            notes.add_warning_v2("secure-kms-constructs:notHardened", told)
