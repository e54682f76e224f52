//! Servers in the test's own process that misbehave on request, and write down what they were asked.
//!
//! - [`Server`] answers with what a function makes of a [`Request`]. A [`Response`] may be wrong in every
//!   way that a peer's can: see [`Body`]. The function knows nothing of the version of HTTP.
//! - [`OciRegistry`] is a registry with honest content, and [`Bindle`] a Bindle server. A test lays a
//!   [`Rule`] on either: which requests, the how-manieth of them, and the [`Fault`] that the honest answer
//!   gets.
//! - Each keeps a log. [`Server::depth`] is the longest chain of requests that were each begun after
//!   another's answer: what a network's latency is multiplied with. [`Server::expect_steps`] claims it without a
//!   clock.
//!
//! How a server is built: [`Service`] is the function and the log; `http1` (and whatever else speaks HTTP)
//! turns bytes into a [`Request`] and a [`Response`] into bytes, and knows of nothing above it.

mod bindle;
mod fault;
mod http1;
mod http2;
mod log;
mod oci;
mod request;
mod response;
mod rule;
mod server;
mod service;
mod steps;
mod tls;

pub use bindle::Bindle;
pub use fault::Fault;
pub use log::{Exchange, depth};
pub use oci::{Guard, OciRegistry};
pub use request::Request;
pub use response::{Body, Response};
pub use rule::{Kind, Rule};
pub use server::{Server, Settings};
pub use service::Service;
