"""ministack, enforcing what AWS enforces around KMS.

ministack with AUTH=true evaluates identity and key policies. Each module here closes one gap between it and
the AWS documentation, always from outside: no file of ministack is changed, and nothing it refuses becomes
allowed, except that `callers` counts loopback as TLS and `services` checks requests that name several parameters
on those, not on all. The patched names are private to exactly one version.
"""

MINISTACK_VERSION = "1.5.33"
