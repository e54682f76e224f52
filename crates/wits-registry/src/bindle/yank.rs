//! Yanking: nobody shall begin to use the version, and whoever has locked it shall still get it.
//!
//! Bindle's protocol has the first half, and says of the second that parcels cannot be yanked. The
//! server hands out a parcel only as one of a bindle that is not yanked, though, and so takes the bytes
//! away too. Therefore a second bindle is made before the first is yanked: `NAME/_yanked` with the same
//! version, signed, and with nothing in it but the package. The `_` cannot stand in a WIT name, so it is
//! in no package's way, and no list shows it. Whoever has the pin is sent there.

use reqwest::Method;
use wits_model::{Blob, Version};

use super::invoice::Wasm;
use super::server::Server;
use crate::RegistryError;
use crate::registry::Yanked;

/// The bindle that keeps the bytes of yanked versions.
fn keeper(name: &str) -> String {
    format!("{name}/_yanked")
}

/// The bytes of a yanked version, if they were kept.
pub(super) async fn kept(
    server: &Server<'_>,
    version: &Version,
    wasm: Wasm,
) -> Result<Option<Blob>, RegistryError> {
    server.wasm(&keeper(server.name), version, wasm).await
}

/// Yanks a version.
pub(super) async fn yank(server: &Server<'_>, version: &Version) -> Result<Yanked, RegistryError> {
    let invoice = server.invoice(server.name, version).await?;
    let invoice = invoice.ok_or_else(|| server.no_version(version))?;
    if invoice.is_yanked() {
        return Ok(Yanked::Already);
    }
    let keeper = keeper(server.name);
    let wasm = invoice.wasm(server.at)?;
    server
        .post(&server.signed(invoice.same_wasm_as(&keeper))?)
        .await?;
    if kept(server, version, wasm).await?.is_none() {
        // Nobody can have locked what nobody can get: a publication that broke off may be yanked.
        let own = server.wasm(server.name, version, wasm).await?;
        if own.is_some() {
            return Err(RegistryError::Unreachable {
                at: server.place.clone(),
                wanted: format!("the bytes of version `{version}` as `{keeper}`"),
                reason: "the server does not hand them out, so nothing was yanked".to_owned(),
            });
        }
    }
    let wanted = format!("the yanking of version `{version}`");
    let call = server.call(&wanted);
    let request = server.request(Method::DELETE, &format!("_i/{}/{version}", server.name))?;
    let reply = server.transport.ask(call, &request).await?;
    if !reply.status.is_success() {
        return Err(reply.rejected(call));
    }
    match server.invoice(server.name, version).await? {
        Some(invoice) if invoice.is_yanked() => Ok(Yanked::New),
        _ => Err(RegistryError::Unreachable {
            at: server.place.clone(),
            wanted,
            reason: "the server took it, and does not show the version as yanked".to_owned(),
        }),
    }
}
