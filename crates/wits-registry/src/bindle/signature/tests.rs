use wits_model::routes::{Role, Verification};

use super::*;
use crate::bindle::keys::{Keyring, SecretKey};

const INVOICE: &str = "\
bindleVersion = \"1.0.0\"

[bindle]
name = \"demo/greet\"
version = \"1.0.0\"

[[parcel]]
[parcel.label]
sha256 = \"aa\"
mediaType = \"application/wasm\"
name = \"greet.wasm\"
size = 4

[[parcel]]
[parcel.label]
sha256 = \"bb\"
mediaType = \"text/plain\"
name = \"greet.wit\"
size = 4
";

fn invoice() -> Invoice {
    toml::from_str(INVOICE).unwrap()
}

fn key(label: &str, role: Role) -> SecretKey {
    SecretKey::generate(label, &[role]).unwrap()
}

fn ring(keys: &[&SecretKey]) -> Keyring {
    let entries: String = keys.iter().map(|key| key.keyring_entry()).collect();
    Keyring::parse(&format!("version = \"1.0\"\n{entries}")).unwrap()
}

fn strategies() -> Vec<Verification> {
    [
        "creative",
        "authoritative",
        "greedy",
        "exhaustive",
        "multiple-attestation[creator, approver]",
        "multiple-attestation-greedy[host]",
    ]
    .map(|text| text.parse().unwrap())
    .into()
}

/// For each strategy whether the invoice passes.
fn passes(invoice: &Invoice, keyring: &Keyring) -> String {
    let strategies = strategies();
    let passes = strategies.iter().map(|it| verify(invoice, it, keyring));
    passes
        .map(|it| if it.is_ok() { 'y' } else { 'n' })
        .collect()
}

#[test]
fn the_text_is_the_one_of_the_specification() {
    let text = cleartext(&invoice(), "Me <me@example.com>", Role::Creator);
    assert_eq!(
        text,
        "Me <me@example.com>\ndemo/greet\n1.0.0\ncreator\n~\naa\nbb"
    );
}

/// The columns: creative, authoritative, greedy, exhaustive, creator and approver, greedily host.
#[test]
fn each_strategy_asks_for_its_signatures() {
    let creator = key("creator", Role::Creator);
    let approver = key("approver", Role::Approver);
    let host = key("host", Role::Host);
    let stranger = key("stranger", Role::Approver);
    let all = ring(&[&creator, &approver, &host]);
    let signed = |by: &[(&SecretKey, Role)]| {
        let mut invoice = invoice();
        for (key, role) in by {
            sign(&mut invoice, key, *role, 7);
        }
        invoice
    };
    let (c, a, h, s) = (
        (&creator, Role::Creator),
        (&approver, Role::Approver),
        (&host, Role::Host),
        (&stranger, Role::Approver),
    );
    for (by, expected) in [
        (vec![], "nnnnnn"),
        (vec![c], "yyyynn"),
        (vec![h], "nnnyny"),
        (vec![a], "nynynn"),
        (vec![c, h], "yyyyny"),
        (vec![c, a, h], "yyyyyy"),
        (vec![c, h, s], "yynnnn"),
        (vec![s], "nnnnnn"),
    ] {
        let names: Vec<_> = by.iter().map(|(key, _)| key.label()).collect();
        assert_eq!(passes(&signed(&by), &all), expected, "{names:?}");
    }
    // A key is known in the roles that its entry has, and in no other.
    assert_eq!(passes(&signed(&[(&host, Role::Creator)]), &all), "nnnnnn");
    assert_eq!(passes(&signed(&[c, a, h]), &ring(&[])), "nnnnnn");
}

#[test]
fn a_signature_is_for_these_parcels_of_this_bindle_by_this_key() {
    let creator = key("creator", Role::Creator);
    let other = key("creator", Role::Creator);
    let keyring = ring(&[&creator, &other]);
    let mut good = invoice();
    sign(&mut good, &creator, Role::Creator, 7);
    assert_eq!(verify(&good, &Verification::Creative, &keyring), Ok(()));
    let changes: [fn(&mut Invoice); 7] = [
        |it| it.bindle.name = "demo/other".to_owned(),
        |it| it.bindle.version = "1.0.1".to_owned(),
        |it| it.parcel.swap(0, 1),
        |it| it.parcel[1].label.sha256 = "cc".to_owned(),
        |it| it.signature[0].by = "somebody".to_owned(),
        |it| it.signature[0].signature = "AAAA".to_owned(),
        |it| it.signature[0].key = "no base64!".to_owned(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        let signer = Signer::from(&bad.signature[0]);
        assert_eq!(
            verify(&bad, &Verification::Creative, &keyring),
            Err(Fault::Invalid(signer)),
            "change {at}"
        );
    }
    let mut swapped = good.clone();
    swapped.signature[0].key = other.public();
    assert!(verify(&swapped, &Verification::Creative, &keyring).is_err());
    // When it was signed is nobody's promise.
    let mut later = good;
    later.signature[0].at = 8;
    assert_eq!(verify(&later, &Verification::Creative, &keyring), Ok(()));
}

#[test]
fn the_fault_says_what_is_wrong() {
    let creator = key("creator", Role::Creator);
    let host = key("host", Role::Host);
    let mut by_host = invoice();
    sign(&mut by_host, &host, Role::Host, 7);
    let keyring = ring(&[&host]);
    let verify = |invoice: &Invoice| verify(invoice, &Verification::Creative, &keyring);
    assert_eq!(verify(&invoice()), Err(Fault::Unsigned));
    assert_eq!(verify(&by_host), Err(Fault::Missing(Role::Creator)));
    sign(&mut by_host, &creator, Role::Creator, 7);
    let signer = Signer {
        key: creator.public(),
        by: "creator".to_owned(),
        role: Role::Creator,
    };
    assert_eq!(verify(&by_host), Err(Fault::Unknown(signer)));
}
