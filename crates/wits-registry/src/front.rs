//! What stands before all backends: mirrors are asked first where they may be, and no error leaves with
//! a secret in it.

use wits_model::{Blob, PackageSource, Pin, Version};

use crate::backends::Backends;
use crate::mirrors::Mirrors;
use crate::registry::Yanked;
use crate::{Answer, Publication, Published, Registry, RegistryError, Release};

/// The one implementation of [`Registry`] that callers see.
pub(crate) struct Front {
    pub(crate) backends: Backends,
    pub(crate) mirrors: Option<Mirrors>,
}

impl Front {
    /// Asks the backend of `at`.
    fn ask<'a, T: 'a>(
        &'a self,
        at: &'a PackageSource,
        question: impl FnOnce(&'a dyn Registry) -> Answer<'a, T> + Send + 'a,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            let answer = match self.backends.of(at) {
                Ok(backend) => question(backend).await,
                Err(error) => Err(error),
            };
            answer.map_err(|error| self.backends.hide(error))
        })
    }
}

impl Registry for Front {
    fn versions<'a>(&'a self, at: &'a PackageSource) -> Answer<'a, Vec<Version>> {
        Box::pin(async move {
            if let Some(mirrors) = &self.mirrors
                && let Some(versions) = mirrors.versions(at).await
            {
                return Ok(versions);
            }
            self.ask(at, move |backend| backend.versions(at)).await
        })
    }

    fn release<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Release> {
        Box::pin(async move {
            if let Some(mirrors) = &self.mirrors
                && let Some(release) = mirrors.release(at, version).await
            {
                return Ok(release);
            }
            self.ask(at, move |backend| backend.release(at, version))
                .await
        })
    }

    fn pull<'a>(
        &'a self,
        at: &'a PackageSource,
        version: &'a Version,
        pin: &'a Pin,
    ) -> Answer<'a, Blob> {
        Box::pin(async move {
            if let Some(mirrors) = &self.mirrors
                && let Some(bytes) = mirrors.pull(at, version, pin).await
            {
                return Ok(bytes);
            }
            self.ask(at, move |backend| backend.pull(at, version, pin))
                .await
        })
    }

    fn publish<'a>(
        &'a self,
        at: &'a PackageSource,
        publication: &'a Publication,
    ) -> Answer<'a, Published> {
        self.ask(at, move |backend| backend.publish(at, publication))
    }

    fn yank<'a>(&'a self, at: &'a PackageSource, version: &'a Version) -> Answer<'a, Yanked> {
        self.ask(at, move |backend| backend.yank(at, version))
    }
}

impl Front {
    pub(crate) fn of(&self, source: &PackageSource) -> Result<&dyn Registry, RegistryError> {
        self.backends.of(source)?;
        Ok(self)
    }
}
