"""Why the library refuses something, and what to do: the sections of docs/troubleshooting.md."""

from tests.docs.errors import Topic

TOPICS = [
    Topic(
        "A role or user that cannot be told",
        "A key policy names whom it admits. A generated role name is not known in another stack; a group, a service, "
        "or a principal with conditions is no role or user; an imported role may be known in one stack only.",
        "Give the role a literal `role_name` and its stack an `env`, or serve it with `delegate_via=[...]` on the key "
        "([a key in another stack](how-to/another-stack.md)). Pass the role itself, or `iam.Role.from_role_arn(...)`.",
        ("cdk/grantees.py", "cdk/names.py", "cdk/resolved_grantees.py"),
    ),
    Topic(
        "Stacks that would wait for each other, stages, and unknown places",
        "A reference to another stack makes one wait for the other, and CloudFormation deploys no circle. References "
        "do not leave a stage. Whether two stacks are in one account is not known while one of them has no `env`.",
        "Use a literal name where the message says so, put the key into a stack of its own, pass the key by "
        "`ResolvedKey.from_parameter(...)`, or give both stacks an `env`.",
        ("cdk/places.py", "authoring/circles.py"),
    ),
    Topic(
        "A grant that would do nothing",
        "Both the key policy and an identity policy have to allow a use of the key. One of the two cannot be written "
        "(an imported role with `mutable=False`, a role linked to a service, another account), or another statement "
        "denies it.",
        "Import the role with `mutable=True`, grant to a role of this app, give the secret a literal `secret_name`, or "
        "take the denying statement out.",
        (
            "authoring/scoped_grants.py",
            "authoring/key_grants.py",
            "authoring/unadmitted.py",
            "authoring/executed.py",
            "authoring/taken_back.py",
            "authoring/denied_reads.py",
            "authoring/dead_grants.py",
            "scoped/effects.py",
            "cdk/key_grants.py",
        ),
    ),
    Topic(
        "A statement that would open the key, or that KMS refuses",
        "Something adds to the key policy a statement for an account, for everybody, without conditions, or of a form "
        "that KMS takes and ignores: `key.add_to_resource_policy`, an L2 construct, or an override of the L1.",
        "Grant to the roles that use the key, or pass `delegate_via=[Service...]`. Where a construct insists on the "
        "statement, give it a `kms.Key` of its own.",
        (
            "authoring/narrowing.py",
            "authoring/key_policy_checks.py",
            "authoring/key_policies.py",
            "authoring/admissions.py",
            "cdk/rendering.py",
        ),
    ),
    Topic(
        "A key that HardenKeys leaves as it is",
        "`HardenKeys` hardens a stock key only where each of its grants works afterwards. A policy lets a group or "
        "whoever it is attached to elsewhere use the key, a role of another stack has a generated name, a statement "
        "manages the key or admits a whole account.",
        "Grant to roles and users of this app, name administrators in `HardenKeys(administrators=[...])`, make the key "
        "a `HardenedKey`, or pass `exclude=[key]`.",
        ("authoring/adopted.py", "cdk/adopting.py", "hardening.py"),
    ),
    Topic(
        "Who deploys",
        "The key policy has to admit the role that CloudFormation acts as, or nobody can change the key again. It is "
        "told from the stack's synthesizer; a synthesizer that names no role, or a role of the same stack, does not "
        "do. A `Deny` may be in its way.",
        "Pass `deployer=iam.ArnPrincipal(...)` with the ARN of that role, or exempt it in the statement as shown.",
        ("cdk/deployers.py", "authoring/deployability.py"),
    ),
    Topic(
        "Administrators",
        "Administrators are single roles and users of the key's own account, and do not use the key.",
        "Name two roles, one that administers and one that uses; `separation_of_duties=False` allows both in one.",
        ("cdk/key_owners.py",),
    ),
    Topic(
        "What a resource under the key needs",
        "At synth the key looks at every resource that uses it. What AWS's pages say that it needs cannot be written, "
        "because nobody says who needs it, or the kind of key does not fit.",
        "Write the line that the message ends with: `key.grant(...)`, `provision_via=[...]`, or another kind of key. "
        "[Services](services.md) has what is known. Some of these are findings and not errors; they say what no page "
        "tells.",
        (
            "authoring/serving.py",
            "authoring/served_roles.py",
            "authoring/serving_words.py",
            "authoring/conditional.py",
            "authoring/key_requirements.py",
            "authoring/usages.py",
            "cdk/usual_grants.py",
        ),
    ),
    Topic(
        "Replicas and replication",
        "A replica is in another region than its primary, in the same account, and under a key of its own region, "
        "which has to admit whoever deploys the primary.",
        "`key.admit_replicas_of(secret)`, `key.admit_replica_keys_of(stack)`, `multi_region=True`; "
        "[other accounts and regions](how-to/accounts-and-regions.md).",
        (
            "cdk/replicas.py",
            "keys.py",
            "authoring/replica_keys.py",
            "authoring/replica_uses.py",
            "authoring/replications.py",
        ),
    ),
    Topic(
        "Arguments of keys and grants",
        "A value that KMS would refuse or that would never match: a period out of range, an action that is none, "
        "rotation of a key that cannot rotate, an argument of the L2, a text in place of a construct.",
        "Write what the message says after the colon; [arguments of the L2s](reference/l2-arguments.md).",
        ("cdk/key_arguments.py", "cdk/migration.py", "cdk/findings.py", "cdk/granting_keys.py"),
    ),
    Topic(
        "Keys that exist: lookups and imports",
        "Policies need the full ARN of a key. A lookup was not made yet (CDK puts in a key id of its own), the context "
        "holds something else, or an alias or key id was given.",
        "Synthesize with credentials so that `cdk.context.json` is filled, or resolve at deployment: "
        '`ResolvedKey.from_alias(..., at="deploy")`, `from_parameter`. See [what exists](how-to/imported-keys.md).',
        ("resolved_keys.py", "cdk/imported_keys.py", "aws/arns.py"),
    ),
    Topic(
        "Secrets",
        "A reader names exact secrets and knows the key of each. An imported secret does not tell its key; a generated "
        "name is not known in another account; a partial name takes in others.",
        "Pass `key=` (a `ResolvedKey`, or `AWS_MANAGED`), give the secret a literal `secret_name`, or import it by its "
        "complete ARN. One construct for one key, region and account.",
        (
            "secrets.py",
            "scoped/resolved_secrets.py",
            "scoped/key_side.py",
            "scoped/writes.py",
            "authoring/targets.py",
        ),
    ),
    Topic(
        "A wider way beside a grant (warnings)",
        "The grantee may also do more, by a policy of its own or a grant of an L2 on a stock key, so the reader alone "
        "does not bind it.",
        "Take the wider permission out, make the key a `HardenedKey`, or acknowledge the warning where it is meant.",
        ("scoped/wider.py",),
    ),
    Topic(
        "Parameters",
        "A `SecureString` does not tell its key, and a reader takes literal names.",
        "Pass `key=`; import with `StringParameter.from_string_parameter_arn` what has an ARN; read single names and "
        "paths with two readers.",
        ("parameters.py",),
    ),
    Topic(
        "Log groups",
        "The key policy names the log group, so its name, account and region have to be known before it is there.",
        "Give it a literal `log_group_name`, a key of its own region, or `generated_name=True`; "
        "[migration of log groups](migration.md#log-groups).",
        ("logs.py",),
    ),
    Topic(
        "Quotas of roles and users",
        "IAM takes 10,240 characters of inline policies in a role and a few managed policies.",
        "Fewer secrets for one role, or secrets under a common path with one reader of `by_path` for parameters.",
        ("grants.py",),
    ),
    Topic(
        "Alarms",
        "The rules of `KmsDriftAlarms` send to a topic or queue of this app under a `HardenedKey`, in their region.",
        "As the message says; [alarms](alarms.md).",
        ("alarms.py",),
    ),
    Topic(
        "Guardrails",
        "Policies of an organization name targets, deployers and exceptions, and have quotas.",
        "As the message says; [guardrails](guardrails.md).",
        ("guardrails.py", "organizations/"),
    ),
    Topic(
        "Documented exceptions",
        "An exception says in a sentence why, and until when.",
        "As the message says; [roles that deploy](checks.md#roles-that-deploy), "
        "[documented exceptions](account.md#documented-exceptions).",
        ("exceptions.py", "checks/suppressions.py", "account/exceptions.py", "account/documented.py"),
    ),
    Topic(
        "Installation",
        "A construct was imported without aws-cdk-lib, or with one that is too old, or a command needs an extra.",
        '`pip install "secure-kms-constructs[cdk]"`, `[cli]` or `[cli,live]`; [compatibility](compatibility.md).',
        ("cdk/installed.py", "__init__.py", "cdk/node/__init__.py", "cli/__init__.py", "account/connections.py"),
    ),
    Topic(
        "Checks and settings",
        "A rule, severity or setting that there is not.",
        "`secure-kms rules` lists the rules; `[tool.secure-kms]` takes the settings that the message names. "
        "[Checks](checks.md).",
        ("checks/", "plugin.py", "settings.py"),
    ),
    Topic(
        "Services and uses",
        "A service for which AWS documents no such use.",
        "Another use, or a `Service(...)` of your own with the page that says so.",
        ("aws/services.py", "aws/", "aws/catalogue/"),
    ),
    Topic(
        "Asking who can use which key",
        "A name that no key, principal, service or condition key of these templates has, or that more than one has.",
        "Take one of the names that the message offers; `access.keys` and `access.principals` list them. "
        "[Access](access.md).",
        ("access/",),
    ),
    Topic(
        "Reading templates and assemblies",
        "A file that is no template or assembly, or a parameter, path or ARN that is about none of them.",
        "Synthesize first (`cdk synth`), and pass `cdk.out` as a whole. [How templates are read](templates.md).",
        ("templates/",),
    ),
    Topic(
        "Policies",
        "A policy document that IAM or KMS would refuse, or a request that cannot be one.",
        "Correct the element that the message names.",
        ("policies/",),
    ),
    Topic(
        "Command line",
        "A wrong option, or a file that cannot be read or written. Exit code 2.",
        "`secure-kms COMMAND --help`; [command line](reference/command-line.md).",
        ("cli/",),
    ),
    Topic(
        "Live accounts",
        "A file that is no account file or was edited, credentials of another account, or an API that refuses.",
        "Read the account again; `secure-kms account policy` prints what the reading role needs. "
        "[Accounts](account.md).",
        ("account/",),
    ),
    Topic(
        "CloudTrail",
        "A file that is cut off, empty, or no file of CloudTrail; a period or source that cannot be.",
        "The file alone is left out and named. [Evidence](migrate.md).",
        ("evidence/",),
    ),
    Topic(
        "Plans",
        "Evidence that is not complete, or a plan whose proof fails.",
        "Read what is missing, or accept the gap with `--accept-gap`. [Plans](migrate.md).",
        ("migrate/",),
    ),
    Topic(
        "Sources of your own",
        "A file for `secure-kms rewrite` that cannot be parsed.",
        "It alone is left out; whatever Python itself says of it helps. [Code](migrate.md).",
        ("rewriting/",),
    ),
]
