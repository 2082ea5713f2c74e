//! A Ferrule and a browser to look at it with, and the ways that several tests go.

use std::sync::Arc;

use ferrule_testkit::Chromium;

use super::window::Window;
use crate::world::{Ferrule, ORGANIZATION, USER, World};

pub struct Site {
    pub ferrule: Ferrule,
    pub chromium: Arc<Chromium>,
    _world: World,
}

impl Site {
    pub fn start(world: World) -> Self {
        Self {
            ferrule: world.start(),
            chromium: Arc::new(Chromium::start()),
            _world: world,
        }
    }

    /// A page's address.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.ferrule.url)
    }

    /// A window in which nobody signed in.
    pub fn window(&self) -> Window {
        Window::new(&self.chromium)
    }

    /// A window of somebody who signed in and sees the page of this path.
    pub fn signed_in_at(&self, path: &str) -> Window {
        let window = self.window();
        self.sign_in(&window, path);
        window
    }

    /// Signs in on the way to a page.
    pub fn sign_in(&self, window: &Window, path: &str) {
        window.open(&self.at(&format!("/sign-in?next={path}")));
        window.fill("#organization", ORGANIZATION);
        window.fill("#user", USER);
        window.click("main button");
        window.arrives_at(&self.at(path));
    }

    /// From the sandbox's page to its question; `name` and `tags` as typed.
    pub fn leave_for_the_sandbox(&self, window: &Window, name: &str, tags: &str) {
        window.open(&self.at("/connectors/sandbox"));
        window.fill("[name=name]", name);
        window.fill("[name='oauth.api.key']", "sandbox-client");
        window.fill("[name='oauth.api.secret']", "sandbox-secret");
        window.fill("[name=tags]", tags);
        window.click("form.panel button.button");
        window.sees("Sign in to Sandbox");
    }

    /// Says yes there, and waits for the instance's page; gives its address.
    pub fn allow(&self, window: &Window) -> String {
        window.fill("#name", "Ada");
        window.click("[value=allow]");
        let page = window.arrives_at(&self.at("/instances/"));
        window.sees("What comes next");
        page
    }
}
