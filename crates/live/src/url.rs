//! The URL of something that is called by HTTP: read strictly, since what is sent there is signed or
//! secret. It resolves nothing.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// An `https` URL, or an `http` URL of this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    tls: bool,
    host: String,
    port: u16,
    authority: String,
    target: String,
}

/// Why a text is no URL to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It can't be read as one.
    #[error("it is no URL such as https://farm.example.com/server/mcp")]
    Unreadable,
    /// It begins with something else.
    #[error("it begins neither with https:// nor with http://")]
    Scheme,
    /// It has a name or a password in it, which would end up in lists of processes.
    #[error("there is a user name in it; credentials have no place in a URL")]
    UserInfo,
    /// It is `http` to another machine.
    #[error("http:// is for this machine only (localhost, 127.0.0.1, [::1]); use https://")]
    Plain,
    /// It has a fragment, which nobody sends.
    #[error("there is a `#` in it")]
    Fragment,
}

// === impl Url ===

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// If it is none, or none to which anything may be sent.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.contains('#') {
            return Err(UrlError::Fragment);
        }
        let uri: Uri = text.trim().parse().map_err(|_| UrlError::Unreadable)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(UrlError::Scheme),
        };
        let authority = uri.authority().ok_or(UrlError::Unreadable)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::UserInfo);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let host = host.to_ascii_lowercase();
        if host.is_empty() || authority.as_str().ends_with(':') {
            return Err(UrlError::Unreadable);
        }
        if !tls && !is_loopback(&host) {
            return Err(UrlError::Plain);
        }
        let target = uri.path_and_query().map_or("/", |it| it.as_str());
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Self {
            tls,
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.as_str().to_ascii_lowercase(),
            host,
            target,
        })
    }

    /// Whether TLS is spoken there.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host's name or address, in small letters, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, which is the scheme's if none is named.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the `Host` header says: the port only if it was named.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query, as they are sent.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        // A query may hold what is nobody's business.
        let path = self.target.split('?').next().unwrap_or_default();
        write!(formatter, "{scheme}://{}{path}", self.authority)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Url({self})")
    }
}

/// Whether a host is this machine, by its name alone.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_its_parts() {
        let url = Url::parse("https://Farm.example.com/nova-act/mcp?x=%20y").unwrap();
        assert_eq!((url.host(), url.port(), url.is_tls()), ("farm.example.com", 443, true));
        assert_eq!((url.authority(), url.target()), ("farm.example.com", "/nova-act/mcp?x=%20y"));
        assert_eq!(url.to_string(), "https://farm.example.com/nova-act/mcp");
        let url = Url::parse("http://[::1]:8080").unwrap();
        assert_eq!(
            (url.host(), url.port(), url.authority(), url.target()),
            ("::1", 8080, "[::1]:8080", "/")
        );
        assert_eq!(Url::parse("https://h?x=1").unwrap().target(), "/?x=1");
    }

    #[test]
    fn what_must_not_be_called_is_no_url() {
        for (text, why) in [
            ("farm.example.com/mcp", UrlError::Unreadable),
            ("ftp://farm.example.com/", UrlError::Scheme),
            ("not a url", UrlError::Unreadable),
            ("https://", UrlError::Unreadable),
            ("https://user:pass@farm.example.com/", UrlError::UserInfo),
            ("http://farm.example.com/mcp", UrlError::Plain),
            ("http://127.0.0.1.example.com/mcp", UrlError::Plain),
            ("http://10.0.0.1/mcp", UrlError::Plain),
            ("https://h/mcp#x", UrlError::Fragment),
        ] {
            assert_eq!(Url::parse(text), Err(why), "{text}");
        }
        for text in ["http://localhost:1/mcp", "http://127.0.0.1/", "http://127.9.9.9/"] {
            assert!(Url::parse(text).is_ok(), "{text}");
        }
    }
}
