"""Logs that services deliver into buckets: who needs the key of the bucket."""

from __future__ import annotations

from .making import ALL, DATA_KEYS, nothing, service
from .needs import Basis, Need, Require

_BUCKET = "AWS::S3::Bucket"
_ARN = "arn:{partition}:logs:{region}:{account}:*"
_V1 = "AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-S3"


def _delivered(kind: str, paths: str) -> Need:
    """Return what the delivery of logs needs that came before log delivery had sources and destinations."""
    return service(
        kind,
        "delivery.logs.amazonaws.com",
        f"{ALL} DescribeKey",
        _V1,
        paths=paths,
        leads_to=_BUCKET,
        source_account=True,
        source_arn=_ARN,
        at_run=True,
    )


ROWS = (
    # Those of https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-destinations-table.html with V1
    # permissions for S3 and a type of their own.
    *(
        _delivered(kind, paths)
        for kind, paths in (
            ("AWS::EC2::FlowLog", "LogDestination"),
            ("AWS::EC2::VerifiedAccessInstance", "LoggingConfigurations/S3/BucketName"),
            ("AWS::Evidently::Project", "DataDelivery/S3/BucketName"),
            ("AWS::FIS::ExperimentTemplate", "LogConfiguration/S3Configuration/BucketName"),
            ("AWS::IVSChat::LoggingConfiguration", "DestinationConfiguration/S3/BucketName"),
            ("AWS::InternetMonitor::Monitor", "InternetMeasurementsLogDelivery/S3Config/BucketName"),
            ("AWS::KafkaConnect::Connector", "LogDelivery/WorkerLogDelivery/S3/Bucket"),
            ("AWS::MSK::Cluster", "LoggingInfo/BrokerLogs/S3/Bucket"),
            (
                "AWS::NetworkFirewall::LoggingConfiguration",
                "LoggingConfiguration/LogDestinationConfigs/*/LogDestination/bucketName",
            ),
            ("AWS::Pipes::Pipe", "LogConfiguration/S3LogDestination/BucketName"),
            ("AWS::Route53Resolver::ResolverQueryLoggingConfig", "DestinationArn"),
            ("AWS::VpcLattice::AccessLogSubscription", "DestinationArn"),
        )
    ),
    service(
        "AWS::Logs::DeliveryDestination",
        "delivery.logs.amazonaws.com",
        f"{ALL} DescribeKey",
        "AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3",
        paths="DestinationResourceArn",
        leads_to=_BUCKET,
        source_account=True,
        source_arn="arn:{partition}:logs:{region}:{account}:delivery-source:*",
        at_run=True,
    ),
    # The bucket policy of this page is bound, its key policy is not.
    service(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "delivery.logs.amazonaws.com",
        f"{ALL} DescribeKey",
        "elasticloadbalancing/latest/network/enable-access-logs",
        paths="LoadBalancerAttributes/*/Value",
        leads_to=_BUCKET,
        only_with="Type=network",
        at_run=True,
    ),
    # "The only server-side encryption option that's supported is Amazon S3-managed keys (SSE-S3)"
    *(
        nothing(kind, path, paths=paths, leads_to=_BUCKET, requires=(Require.NO_KEY,), **more)
        for kind, path, paths, more in (
            (
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "elasticloadbalancing/latest/application/enable-access-logging",
                "LoadBalancerAttributes/*/Value",
                {"only_without": "Type=network"},
            ),
            (
                "AWS::ElasticLoadBalancing::LoadBalancer",
                "elasticloadbalancing/latest/classic/enable-access-logs",
                "AccessLoggingPolicy/S3BucketName",
                {},
            ),
            ("AWS::Redshift::Cluster", "redshift/latest/mgmt/db-auditing", "LoggingProperties/BucketName", {}),
        )
    ),
    # Its own page asks for less, which is enough but for a bucket with a Bucket Key.
    *(
        service(
            *("AWS::WAFv2::LoggingConfiguration", "delivery.logs.amazonaws.com", actions, page),
            paths="LogDestinationConfigs/*",
            leads_to=_BUCKET,
            source_account=True,
            source_arn=_ARN,
            at_run=True,
            basis=basis,
        )
        for actions, page, basis in (
            (DATA_KEYS, "waf/latest/developerguide/logging-s3", Basis.PAGE),
            ("Decrypt DescribeKey", _V1, Basis.BELIEF),
        )
    ),
    # "CloudFront uses a different permissions model than the other services"; Decrypt is for a Bucket Key. Neither of
    # these pages has a source in any policy.
    *(
        service(
            *(kind, "delivery.logs.amazonaws.com", actions, page),
            paths=path,
            leads_to=_BUCKET,
            at_run=True,
            basis=basis,
        )
        for kind, path, page in (
            (
                *("AWS::CloudFront::Distribution", "DistributionConfig/Logging/Bucket"),
                "AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3",
            ),
            (
                *("AWS::GlobalAccelerator::Accelerator", "FlowLogsS3Bucket"),
                "global-accelerator/latest/dg/monitoring-global-accelerator.flow-logs",
            ),
        )
        for actions, basis in ((DATA_KEYS, Basis.PAGE), ("Decrypt", Basis.BELIEF))
    ),
)
