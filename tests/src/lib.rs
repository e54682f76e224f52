//! End-to-end tests live in `tests/`; see `wits_testkit`.
