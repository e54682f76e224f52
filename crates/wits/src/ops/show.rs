//! `config show`: what is in force, and who says so.

use std::sync::Arc;

use wits_model::routes::Entry;

use crate::aside::Aside;
use crate::project::Workspace;
use crate::{Context, Error, access, config};

/// What is in force where the user stands: see the example of [`show`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// Every key of the routes, in the order of the file format.
    pub entries: Vec<Entry>,
    /// The hosts that credentials are kept for, and where: a file, or a variable. Which of them a store
    /// for all hosts has is not known without running it.
    pub credentials: Vec<(String, String)>,
}

/// Reads and merges all layers. Opens no socket and runs no helper.
///
/// # Errors
/// If a file cannot be read, or the project's lays hands on the user's hosts.
///
/// ```no_run
/// # fn example(context: &wits::Context, workspace: &wits::Workspace) -> Result<(), wits::Error> {
/// println!("{:#?}", wits::ops::show::show(context, Some(workspace))?);
/// # Ok(())
/// # }
/// ```
pub fn show(context: &Context, workspace: Option<&Workspace>) -> Result<Shown, Error> {
    let config = config::load(context, workspace)?;
    let aside = Aside::new(Arc::clone(&context.reporter));
    let keyring = access::keyring(context, &config, &Arc::new(aside))?;
    let mut entries = config.routes.entries();
    for entry in &mut entries {
        if let Some(span) = &mut entry.origin.span {
            span.path = context.shown(&span.path);
        }
    }
    let credentials = keyring.hosts()?;
    Ok(Shown {
        entries,
        credentials: credentials.into_iter().collect(),
    })
}
