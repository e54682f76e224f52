//! layout
use wits_model::{PackageSource, Pin, Version};

use crate::{Answer, Publication, Published, Registry, Release};

pub(crate) struct Layouts;
impl Layouts {
    pub(crate) fn new() -> Self {
        Self
    }
}
impl Registry for Layouts {
    fn versions<'a>(&'a self, _: &'a PackageSource) -> Answer<'a, Vec<Version>> {
        todo!()
    }
    fn release<'a>(&'a self, _: &'a PackageSource, _: &'a Version) -> Answer<'a, Release> {
        todo!()
    }
    fn pull<'a>(&'a self, _: &'a PackageSource, _: &'a Version, _: &'a Pin) -> Answer<'a, Vec<u8>> {
        todo!()
    }
    fn publish<'a>(&'a self, _: &'a PackageSource, _: &'a Publication) -> Answer<'a, Published> {
        todo!()
    }
}
