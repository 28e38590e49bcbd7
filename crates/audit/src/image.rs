//! Names of container images: registry, repository, tag, digest; and which repository of the model
//! one comes from. What an image holds nobody can tell from its name.

use farmgate_aws::model::{Container, Model, Repository};

/// The name of an image, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Image<'a> {
    /// The registry's host, if it is named; else it is Docker Hub.
    pub(crate) registry: Option<&'a str>,
    /// The path in the registry.
    pub(crate) repository: &'a str,
    /// The tag; `latest` is meant if there is neither tag nor digest.
    pub(crate) tag: Option<&'a str>,
    /// The digest: `sha256:...`.
    pub(crate) digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    /// Takes a name apart.
    pub(crate) fn of(text: &'a str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (path, tag) = match name.rsplit_once(':') {
            // Else it is the port of the registry.
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (name, None),
        };
        match path.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
                Self { registry: Some(host), repository: rest, tag, digest }
            }
            _ => Self { registry: None, repository: path, tag, digest },
        }
    }

    /// Whether it is in a private registry of ECR.
    pub(crate) fn is_in_ecr(&self) -> bool {
        self.registry.is_some_and(|host| host.contains(".dkr.ecr") && host.contains(".amazonaws."))
    }

    /// The repository that it comes from, if a source shows it. The same name in another account or
    /// region is another repository, as far as the URLs of both are known.
    pub(crate) fn repository_in<'m>(&self, model: &'m Model) -> Option<&'m Repository> {
        let host = self.registry.filter(|_| self.is_in_ecr())?;
        model.repositories.values().find(|repository| match &repository.url {
            Some(url) => url.split_once('/') == Some((host, self.repository)),
            None => matches!(repository.name.get(), Some(Some(name)) if name == self.repository),
        })
    }
}

/// Whether the image of a container is known.
pub(crate) fn is_known(container: &Container) -> bool {
    let unknown = |path: &String| path.is_empty() || path == "image";
    container.image.is_some() && !container.unknown.keys().any(unknown)
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn names_are_taken_apart() {
        let parts = |text| {
            let Image { registry, repository, tag, digest } = Image::of(text);
            (registry, repository, tag, digest)
        };
        assert_eq!(parts("redis"), (None, "redis", None, None));
        assert_eq!(parts("library/redis:7"), (None, "library/redis", Some("7"), None));
        assert_eq!(parts("localhost:5000/a/b"), (Some("localhost:5000"), "a/b", None, None));
        let digest = "1.dkr.ecr.eu-west-1.amazonaws.com/a:1@sha256:00";
        let host = Some("1.dkr.ecr.eu-west-1.amazonaws.com");
        assert_eq!(parts(digest), (host, "a", Some("1"), Some("sha256:00")));
        assert!(Image::of(digest).is_in_ecr());
        assert!(!Image::of("public.ecr.aws/a/b:1").is_in_ecr());
    }
}
