//! The frame around every page of somebody who may look around: where they are, and who they are.

use ferrule_wire::v1::Session;

/// The frame.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) tab: Tab,
    /// Absent: nobody signed in.
    pub(crate) who: Option<Who>,
}

/// Which part of the pages this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Connectors,
    Instances,
    Docs,
}

/// Who signed in, as people read it.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) user: String,
    pub(crate) organization: String,
}

impl Shell {
    pub(crate) fn new(tab: Tab, who: Option<&Session>) -> Self {
        let who = who.map(|session| Who {
            user: session
                .user
                .as_ref()
                .map(|user| user.email.clone())
                .unwrap_or_default(),
            organization: session.organization_name.clone(),
        });
        Self { tab, who }
    }
}
