//! `wits bindle`: what only Bindle has.

use serde_json::json;

use super::{Failure, Session};
use crate::args::{Bindle, Keygen};

pub(crate) fn run(session: &Session<'_>, args: &Bindle) -> Result<(), Failure> {
    match args {
        Bindle::Keygen(args) => keygen(session, args),
    }
}

fn keygen(session: &Session<'_>, args: &Keygen) -> Result<(), Failure> {
    let made = wits::ops::bindle::keygen(&session.context, &args.label)?;
    let printer = session.printer;
    printer.status("Made", &format!("the key `{}`", made.public));
    printer.status(
        "Secret",
        &format!("in {}; give it to nobody", made.secret_keys.display()),
    );
    printer.status(
        "Public",
        &format!(
            "in {}; whoever shall know you adds this to theirs:",
            made.keyring_file.display()
        ),
    );
    if printer.is_json() {
        printer.json(json!({
            "label": args.label,
            "key": made.public,
            "keyring-entry": made.keyring,
            "secret-keys": made.secret_keys.display().to_string(),
            "keyring": made.keyring_file.display().to_string(),
        }));
    } else {
        printer.data(made.keyring.as_bytes());
    }
    Ok(())
}
