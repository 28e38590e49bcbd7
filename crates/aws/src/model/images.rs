//! Repositories of images, and what a registry scans.

use super::{Key, Val};

/// An ECR repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Its URL, if it is known.
    pub url: Option<String>,
    /// Whether a source makes it; a data source only shows that it is there.
    pub managed: bool,
    /// Whether the sources hold what runs images besides ECS and Lambda (App Runner, Batch, EKS,
    /// CodeBuild, `SageMaker`, `AgentCore`): it may use this one.
    pub others_run: bool,
    /// Whether its tags cannot be moved to another image.
    pub immutable: Val<bool>,
    /// `scan_on_push` of the repository itself; a registry's settings may scan it all the same.
    pub scan_on_push: Val<bool>,
}

/// What a registry scans, whatever its repositories say.
#[derive(Debug, Clone)]
pub struct RegistryScanning {
    /// Its own key.
    pub key: Key,
    /// The repositories that it scans when something is pushed, or all the time: names in which `*`
    /// stands for anything. A repository that none fits is scanned by hand only.
    pub filters: Val<Vec<String>>,
}
