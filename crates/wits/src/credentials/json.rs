//! A JSON object of which one key is changed and nothing else: the files of credentials belong to other
//! tools, so every other value stays as it was written, byte for byte, and in its place.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The keys of an object and the text of their values, in the order of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// Reads the text of an object.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The text of the value of `key`. Of two of one name the last counts, as for most readers.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let mut found = self.0.iter().rev().filter(|(name, _)| name == key);
        found.next().map(|(_, value)| value.get())
    }

    /// Sets the value of `key`, in its place if it is there.
    ///
    /// # Errors
    /// If `text` is not JSON.
    pub(super) fn set(&mut self, key: &str, text: String) -> Result<(), serde_json::Error> {
        let value = RawValue::from_string(text)?;
        match self.0.iter_mut().rev().find(|(name, _)| name == key) {
            Some((_, there)) => *there = value,
            None => self.0.push((key.to_owned(), value)),
        }
        Ok(())
    }

    /// Takes `key` away; whether it was there.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(name, _)| name != key);
        self.0.len() != before
    }

    /// The text, indented by tabs as Docker and podman do; `depth` is how deep the object stands.
    pub(super) fn print(&self, depth: usize) -> String {
        if self.0.is_empty() {
            return "{}".to_owned();
        }
        let tabs = "\t".repeat(depth + 1);
        let lines: Vec<String> = self
            .0
            .iter()
            .map(|(key, value)| {
                let key = serde_json::Value::String(key.clone());
                format!("{tabs}{key}: {}", value.get())
            })
            .collect();
        format!("{{\n{}\n{}}}", lines.join(",\n"), "\t".repeat(depth))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_stays_byte_for_byte() {
        let text = "{\"z\": [1.0,  2e400, 123456789012345678901234567890],\n \"auths\":{}, \"a\":  {\"k\" : null, \"k\": \"\\u00e9\"}}";
        let mut object = Object::parse(text).unwrap();
        object.set("auths", "{\"h\": {}}".to_owned()).unwrap();
        object.set("new", "true".to_owned()).unwrap();
        assert_eq!(
            object.print(0),
            "{\n\t\"z\": [1.0,  2e400, 123456789012345678901234567890],\n\t\"auths\": {\"h\": {}},\n\t\
             \"a\": {\"k\" : null, \"k\": \"\\u00e9\"},\n\t\"new\": true\n}"
        );
        assert!(object.remove("z"));
        assert!(!object.remove("z"));
        assert_eq!((object.get("z"), object.get("new")), (None, Some("true")));
        assert_eq!(Object::default().print(3), "{}");
        assert!(Object::parse("[]").is_err());
    }
}
