//! Where a service is: hosts and regions in AWS's partitions, and what the environment says instead.
//!
//! `endpoint_url` in AWS's configuration files is not read.

use crate::Url;

use super::api::Service;
use super::operations::Operation;

/// A part of AWS that is apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partition {
    /// As in ARNs.
    pub(super) name: &'static str,
    suffix: &'static str,
    /// Where its services for all regions are, as their signatures say it.
    global: &'static str,
    /// IAM's host.
    iam: &'static str,
    /// CloudFront's host and region, if there is one.
    cloudfront: Option<(&'static str, &'static str)>,
}

/// Partitions by what their regions begin with
/// (<https://docs.aws.amazon.com/general/latest/gr/rande.html>).
const PARTITIONS: [(&str, Partition); 6] = [
    (
        "cn-",
        Partition {
            name: "aws-cn",
            suffix: "amazonaws.com.cn",
            global: "cn-north-1",
            iam: "iam.cn-north-1.amazonaws.com.cn",
            cloudfront: Some(("cloudfront.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1")),
        },
    ),
    (
        "us-gov-",
        Partition {
            name: "aws-us-gov",
            suffix: "amazonaws.com",
            global: "us-gov-west-1",
            iam: "iam.us-gov.amazonaws.com",
            cloudfront: None,
        },
    ),
    (
        "us-iso-",
        Partition {
            name: "aws-iso",
            suffix: "c2s.ic.gov",
            global: "us-iso-east-1",
            iam: "iam.us-iso-east-1.c2s.ic.gov",
            cloudfront: None,
        },
    ),
    (
        "us-isob-",
        Partition {
            name: "aws-iso-b",
            suffix: "sc2s.sgov.gov",
            global: "us-isob-east-1",
            iam: "iam.us-isob-east-1.sc2s.sgov.gov",
            cloudfront: None,
        },
    ),
    (
        "us-isof-",
        Partition {
            name: "aws-iso-f",
            suffix: "csp.hci.ic.gov",
            global: "us-isof-south-1",
            iam: "iam.us-isof-south-1.csp.hci.ic.gov",
            cloudfront: None,
        },
    ),
    (
        "eusc-",
        Partition {
            name: "aws-eusc",
            suffix: "amazonaws.eu",
            global: "eusc-de-east-1",
            iam: "iam.eusc-de-east-1.amazonaws.eu",
            cloudfront: None,
        },
    ),
];

/// Where all other regions are.
const COMMERCIAL: Partition = Partition {
    name: "aws",
    suffix: "amazonaws.com",
    global: "us-east-1",
    iam: "iam.amazonaws.com",
    cloudfront: Some(("cloudfront.amazonaws.com", "us-east-1")),
};

/// The partition that a region is in.
pub(super) fn partition(region: &str) -> Partition {
    let found = PARTITIONS.iter().find(|(beginning, _)| region.starts_with(beginning));
    found.map_or(COMMERCIAL, |(_, partition)| *partition)
}

/// The region of an operation that is asked for all regions, in signatures.
pub(super) fn global_region(operation: &Operation, region: &str) -> Option<String> {
    let partition = partition(region);
    match operation.service {
        // Who asks is the same everywhere.
        "sts" => Some(region.to_owned()),
        "cloudfront" => partition.cloudfront.map(|(_, region)| region.to_owned()),
        // What CloudFront uses is where CloudFront is.
        "wafv2" => partition.cloudfront.map(|_| partition.global.to_owned()),
        _ => Some(partition.global.to_owned()),
    }
}

/// Why there is no place to ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{variable}` is no endpoint: {why}")]
pub struct NoPlace {
    variable: String,
    why: crate::UrlError,
}

/// Where a service is asked: what AWS_ENDPOINT_URL_SERVICE or AWS_ENDPOINT_URL say, or AWS's host.
pub(super) fn endpoint(
    service: &Service,
    region: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Url, NoPlace> {
    let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if !ignored.is_some_and(|it| it.eq_ignore_ascii_case("true")) {
        let own = format!("AWS_ENDPOINT_URL_{}", service.id);
        for name in [own, "AWS_ENDPOINT_URL".to_owned()] {
            if let Some(text) = variable(&name).filter(|text| !text.is_empty()) {
                return Url::parse(&text).map_err(|why| NoPlace { variable: name, why });
            }
        }
    }
    let partition = partition(region);
    let host = match service.host.as_str() {
        "iam" => partition.iam.to_owned(),
        "cloudfront" => partition.cloudfront.map_or(String::new(), |(host, _)| host.to_owned()),
        host => format!("{host}.{region}.{}", partition.suffix),
    };
    let made = Url::parse(&format!("https://{host}/"));
    made.map_err(|why| NoPlace { variable: region.to_owned(), why })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::super::api::Api;
    use super::*;

    #[test]
    fn every_service_is_where_aws_says() {
        let api = Api::read().unwrap();
        let of = |service: &str, operation: &str, region: &str| {
            let (service, _) = api.call(service, operation).unwrap();
            endpoint(service, region, &|_| None).unwrap().to_string()
        };
        for (service, operation, region, url) in [
            ("ec2", "describe-vpcs", "eu-west-1", "https://ec2.eu-west-1.amazonaws.com/"),
            (
                "elbv2",
                "describe-rules",
                "cn-north-1",
                "https://elasticloadbalancing.cn-north-1.amazonaws.com.cn/",
            ),
            ("ecr", "describe-images", "us-east-1", "https://api.ecr.us-east-1.amazonaws.com/"),
            (
                "iam",
                "get-account-authorization-details",
                "us-gov-west-1",
                "https://iam.us-gov.amazonaws.com/",
            ),
            ("cloudfront", "list-distributions", "us-east-1", "https://cloudfront.amazonaws.com/"),
        ] {
            assert_eq!(of(service, operation, region), url);
        }
    }

    #[test]
    fn the_environment_says_otherwise_and_plain_http_leaves_no_machine() {
        let api = Api::read().unwrap();
        let (elb, _) = api.call("elbv2", "describe-rules").unwrap();
        let both = |name: &str| match name {
            "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2" => Some("http://127.0.0.1:1".to_owned()),
            "AWS_ENDPOINT_URL" => Some("http://127.0.0.1:2".to_owned()),
            _ => None,
        };
        assert_eq!(endpoint(elb, "eu-west-1", &both).unwrap().port(), 1);
        let (ec2, _) = api.call("ec2", "describe-vpcs").unwrap();
        assert_eq!(endpoint(ec2, "eu-west-1", &both).unwrap().port(), 2);
        let plain = |_: &str| Some("http://ec2.example.com".to_owned());
        let error = endpoint(ec2, "eu-west-1", &plain).unwrap_err().to_string();
        assert!(
            error.contains("AWS_ENDPOINT_URL_EC2") && error.contains("this machine"),
            "{error}"
        );
    }
}
