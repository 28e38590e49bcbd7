//! The canonical request: one text for all the ways in which the same request may be written.
//!
//! As "Create a signed AWS API request" has it, and where that is silent (empty pieces of a query,
//! a plus in it) as AWS's own signers have it. S3 differs from all other services: its paths are
//! signed as they are sent.

mod headers;
mod path;
mod query;

use http::request::Parts;

use crate::fault::Fault;
use crate::query::Parameters;
use crate::signed::Signed;

pub(crate) use headers::{SignedHeaders, host};

/// The service whose paths are neither normalized nor encoded again.
const S3: &str = "s3";

/// What is signed of a request.
pub(crate) fn request(signed: &Signed, head: &Parts, body: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut text = Vec::with_capacity(1024);
    text.extend_from_slice(head.method.as_str().as_bytes());
    text.push(b'\n');
    if signed.service() == S3 {
        text.extend_from_slice(head.uri.path().as_bytes());
    } else {
        path::write(head.uri.path(), &mut text);
    }
    text.push(b'\n');
    query::write(&Parameters::of(head.uri.query())?, signed.is_presigned(), &mut text);
    text.push(b'\n');
    signed.headers.write(head, &mut text)?;
    text.push(b'\n');
    text.extend_from_slice(signed.headers.text().as_bytes());
    text.push(b'\n');
    text.extend_from_slice(signed.payload.line(body)?.as_bytes());
    Ok(text)
}
