"""All that talks to CDK: what it answers about an app, and how a policy reaches a template."""
