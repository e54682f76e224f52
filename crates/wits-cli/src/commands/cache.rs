//! `wits cache`

use std::time::Duration;

use serde_json::json;
use wits::ops::cache::{self, Stock};

use super::{Failure, Session, plural};
use crate::args::{Cache, Prune};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn run(session: &Session<'_>, args: &Cache) -> Result<(), Failure> {
    match args {
        Cache::Dir => {
            dir(session);
            Ok(())
        }
        Cache::Size => size(session),
        Cache::Prune(args) => prune(session, args),
        Cache::Clean => clean(session),
        Cache::Verify(args) => super::verify::cache(session, args.fix),
    }
}

fn dir(session: &Session<'_>) {
    let dir = &session.context.cache;
    if session.printer.is_json() {
        session
            .printer
            .json(json!({ "dir": dir.display().to_string() }));
    } else {
        // As it is: a script passes it on.
        let mut line = dir.as_os_str().as_encoded_bytes().to_owned();
        line.push(b'\n');
        session.printer.data(&line);
    }
}

fn size(session: &Session<'_>) -> Result<(), Failure> {
    let size = cache::size(&session.context)?;
    if session.printer.is_json() {
        session.printer.json(json!({
            "dir": size.dir.display().to_string(),
            "blobs": stock(size.blobs),
            "damaged": stock(size.damaged),
            "other": stock(size.other),
        }));
        return Ok(());
    }
    let mut lines = vec![in_words(size.blobs, "package")];
    if size.damaged.count > 0 {
        let damaged = in_words(size.damaged, "damaged entry");
        lines.push(format!("{damaged} set aside"));
    }
    if size.other.count > 0 {
        lines.push(in_words(size.other, "leftover"));
    }
    let text = lines.join("\n") + "\n";
    session.printer.data(text.as_bytes());
    Ok(())
}

fn prune(session: &Session<'_>, args: &Prune) -> Result<(), Failure> {
    let mut options = cache::Prune::default();
    options.unused_for = args.older_than.map(|days| DAY * days);
    options.max_bytes = args.max_size;
    options.dry_run = args.dry_run;
    let pruned = cache::prune(&session.context, &options)?;
    let parts = [
        (pruned.blobs, "package"),
        (pruned.damaged, "damaged entry"),
        (pruned.temporary, "leftover"),
        (pruned.layouts, "old layout"),
    ];
    for (stock, what) in parts.into_iter().filter(|(stock, _)| stock.count > 0) {
        session.printer.detail("Removed", &in_words(stock, what));
    }
    if pruned.locks > 0 {
        let locks = count(pruned.locks, "lock");
        let locks = format!("{locks} that nobody holds");
        session.printer.detail("Removed", &locks);
    }
    let removed: u64 = parts.iter().map(|(stock, _)| stock.count).sum();
    let left = in_words(pruned.left, "package");
    let message = match removed {
        0 => format!("nothing to remove; {left}"),
        _ => format!("{}; {left} left", human(pruned.bytes())),
    };
    let verb = match (removed, args.dry_run) {
        (0, _) => "Fresh",
        (_, true) => "Would free",
        (_, false) => "Freed",
    };
    session.printer.status(verb, &message);
    session.printer.json(json!({
        "dir": session.context.cache.display().to_string(),
        "dry_run": args.dry_run,
        "bytes": pruned.bytes(),
        "blobs": stock(pruned.blobs),
        "damaged": stock(pruned.damaged),
        "temporary": stock(pruned.temporary),
        "layouts": stock(pruned.layouts),
        "locks": pruned.locks,
        "left": stock(pruned.left),
    }));
    Ok(())
}

fn clean(session: &Session<'_>) -> Result<(), Failure> {
    let cleaned = cache::clean(&session.context)?;
    for holder in &cleaned.held {
        let message = format!("the lock of a project, which {holder} holds");
        session.printer.status("Left", &message);
    }
    let dir = cleaned.dir.display();
    if cleaned.removed.count == 0 {
        session.printer.status("Fresh", &format!("{dir} is empty"));
    } else {
        let removed = in_words(cleaned.removed, "file");
        session
            .printer
            .status("Freed", &format!("{removed} in {dir}"));
    }
    session.printer.json(json!({
        "dir": dir.to_string(),
        "removed": stock(cleaned.removed),
        "held": cleaned.held,
    }));
    Ok(())
}

pub(super) fn stock(stock: Stock) -> serde_json::Value {
    json!({ "count": stock.count, "bytes": stock.bytes })
}

/// `12.0 KiB in 3 packages`
pub(super) fn in_words(stock: Stock, what: &str) -> String {
    format!("{} in {}", human(stock.bytes), count(stock.count, what))
}

fn count(count: u64, what: &str) -> String {
    match what.strip_suffix('y') {
        Some(stem) if count != 1 => format!("{count} {stem}ies"),
        _ => plural(usize::try_from(count).unwrap_or(usize::MAX), what),
    }
}

/// Bytes for people: one decimal, units of 1024.
#[allow(clippy::cast_precision_loss)] // one decimal is shown
pub(super) fn human(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut number = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0.
    while number >= 1023.95 && unit + 1 < units.len() {
        number /= 1024.0;
        unit += 1;
    }
    format!("{number:.1} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (5 * 1024 * 1024 * 1024, "5.0 GiB"),
            (u64::MAX, "16777216.0 TiB"),
        ] {
            assert_eq!(human(bytes), text);
        }
        assert_eq!(count(2, "damaged entry"), "2 damaged entries");
        assert_eq!(count(1, "damaged entry"), "1 damaged entry");
    }
}
