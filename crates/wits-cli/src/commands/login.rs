//! `wits login` and `wits logout`

use std::io::Read as _;

use serde_json::json;
use wits::Redacted;
use wits::ops::login::{self, Login};

use super::{Failure, Session};
use crate::args;

/// The longest secret that is read: tokens are long, and standard input may be anything.
const LONGEST: u64 = 64 * 1024;

pub(crate) fn login(session: &Session<'_>, args: &args::Login) -> Result<(), Failure> {
    let mut secret = String::new();
    let read = std::io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_string(&mut secret);
    read.map_err(|error| Failure::Usage(format!("the password cannot be read: {error}")))?;
    // What `echo` puts behind it is not part of it.
    let secret = Redacted::from(secret.trim_end_matches(['\r', '\n']));
    let user = args.username.as_deref();
    let done = login::login(&session.context, &args.host, user, &secret)?;
    say(session, &done, "Kept");
    Ok(())
}

pub(crate) fn logout(session: &Session<'_>, args: &args::Logout) -> Result<(), Failure> {
    let done = login::logout(&session.context, &args.host)?;
    if done.stored.is_empty() {
        session
            .printer
            .status("Fresh", &format!("no credential is kept for {}", done.host));
    }
    say(session, &done, "Dropped");
    Ok(())
}

fn say(session: &Session<'_>, done: &Login, verb: &str) {
    let mut files = Vec::new();
    for stored in &done.stored {
        let file = stored.file.display().to_string();
        let place = match &stored.helper {
            Some(helper) => format!("in the credential helper `{helper}` (named in {file})"),
            None => format!("in {file}"),
        };
        session
            .printer
            .status(verb, &format!("the credential for {} {place}", done.host));
        files.push(json!({ "file": file, "helper": stored.helper }));
    }
    session
        .printer
        .json(json!({ "host": done.host, "stored": files }));
}
