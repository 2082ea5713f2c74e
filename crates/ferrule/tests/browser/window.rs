//! One window of Chromium, and what a person does with it. Everything waits for what it needs.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ferrule_testkit::Chromium;
use serde_json::{Value, json};
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::error::WebDriverResult;
use thirtyfour::{By, Capabilities, RequestData, SessionId, WebDriver, WebElement, WindowHandle};
use tokio::runtime::Runtime;

use super::webdriver::Loopback;

/// Keys as `WebDriver` names them (section 17.4.2).
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";

/// Two loaded cores take their time.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);

/// A browser of its own: cookies, profile, console.
pub struct Window {
    runtime: Runtime,
    /// Until the window is closed.
    driver: Option<WebDriver>,
    _chromium: Arc<Chromium>,
}

impl Window {
    pub fn new(chromium: &Arc<Chromium>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let capabilities: Capabilities =
            serde_json::from_value(chromium.capabilities()).expect("capabilities");
        let driver = WebDriver::builder(chromium.url(), capabilities).client(Loopback);
        let driver = runtime.block_on(driver.connect()).expect("a window of Chromium");
        let window = Self {
            runtime,
            driver: Some(driver),
            _chromium: Arc::clone(chromium),
        };
        window.resize(1280, 900);
        window
    }

    /// Whether scripts run in its pages from now on.
    pub fn run_scripts(&self, run: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }

    pub fn resize(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", screen);
    }

    /// `light` or `dark`, as its system prefers.
    pub fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features);
    }

    pub fn open(&self, url: &str) {
        let opened = self.block_on(self.driver().goto(url));
        opened.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    pub fn url(&self) -> String {
        let url = self.block_on(self.driver().current_url());
        url.expect("an address").to_string()
    }

    /// Waits until the page shows this.
    pub fn sees(&self, words: &str) {
        self.wait(&format!("the page shows {words:?}"), || {
            Ok(self.shown()?.contains(words).then_some(()))
        });
    }

    /// Waits until the address begins like this, and gives it.
    pub fn arrives_at(&self, prefix: &str) -> String {
        self.wait(&format!("the address begins with {prefix}"), || {
            let url = self.block_on(self.driver().current_url())?;
            Ok(url.as_str().starts_with(prefix).then(|| url.to_string()))
        })
    }

    pub fn click(&self, css: &str) {
        self.wait(&format!("{css} can be clicked"), || {
            self.block_on(self.find(css)?.click()).map(Some)
        });
    }

    /// Types into a field, in place of what stands there.
    pub fn fill(&self, css: &str, text: &str) {
        self.wait(&format!("{css} can be filled"), || {
            let element = self.find(css)?;
            self.block_on(element.clear())?;
            self.block_on(element.send_keys(text)).map(Some)
        });
    }

    /// Presses keys, whatever has the focus.
    pub fn press(&self, keys: impl AsRef<str>) {
        let pressing = self.driver().action_chain().send_keys(keys.as_ref());
        self.block_on(pressing.perform()).expect("keys can be pressed");
    }

    /// What an element shows.
    pub fn text(&self, css: &str) -> String {
        self.wait(&format!("there is {css}"), || {
            self.block_on(self.find(css)?.text()).map(Some)
        })
    }

    /// How many there are now.
    pub fn count(&self, css: &str) -> usize {
        let found = self.block_on(self.driver().find_all(By::Css(css)));
        found.expect("elements").len()
    }

    /// What a script's body returns, in the page's own world.
    pub fn script(&self, body: &str) -> Value {
        self.wait("a script runs", || self.try_script(body).map(Some))
    }

    /// As [`Self::script`], for a body that answers by calling `arguments[0]`.
    pub fn later(&self, body: &str) -> Value {
        let answer = self.block_on(self.driver().execute_async(body, Vec::new()));
        answer.expect("a script's answer").json().clone()
    }

    /// What the console complained about since it was asked last: a policy that a page offended, for one.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.block_on(self.driver().browser_log());
        let log = log.expect("what the console says").into_iter();
        log.map(|entry| format!("{}: {}", entry.level, entry.message))
            .collect()
    }

    /// The tab that is looked at, to be found again.
    pub fn tab(&self) -> WindowHandle {
        self.block_on(self.driver().window()).expect("a tab")
    }

    pub fn turn_to(&self, tab: &WindowHandle) {
        let turned = self.block_on(self.driver().switch_to_window(tab.clone()));
        turned.expect("a tab that is open");
    }

    /// Turns to the tab that was opened beside this one.
    pub fn turn_from(&self, tab: &WindowHandle) {
        let other = self.wait("another tab opens", || {
            let tabs = self.block_on(self.driver().windows())?;
            Ok(tabs.into_iter().find(|other| other != tab))
        });
        self.turn_to(&other);
    }

    /// Closes every tab but this one, and turns to it.
    pub fn keep_only(&self, tab: &WindowHandle) {
        self.wait("other tabs are closed", || {
            let tabs = self.block_on(self.driver().windows())?;
            for other in tabs.into_iter().filter(|other| other != tab) {
                self.block_on(self.driver().switch_to_window(other))?;
                self.block_on(self.driver().close_window())?;
            }
            Ok(Some(()))
        });
        self.turn_to(tab);
    }

    /// From here on looks into a frame, until it turns to a tab.
    pub fn enter(&self, css: &str) {
        self.wait(&format!("there is a frame {css}"), || {
            let frame = self.find(css)?;
            self.block_on(frame.enter_frame()).map(Some)
        });
    }

    /// Waits for a complaint of the console's that holds this.
    pub fn hears(&self, words: &str) {
        self.wait(&format!("the console complains of {words}"), || {
            let heard = self
                .complaints()
                .iter()
                .any(|complaint| complaint.contains(words));
            Ok(heard.then_some(()))
        });
    }

    /// The whole page as a picture (PNG).
    pub fn picture(&self) -> Vec<u8> {
        let layout = self.devtools("Page.getLayoutMetrics", json!({}));
        let size = &layout["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.devtools("Page.captureScreenshot", wanted);
        BASE64_STANDARD
            .decode(taken["data"].as_str().expect("a picture"))
            .expect("base64")
    }

    fn shown(&self) -> WebDriverResult<String> {
        let text = self.try_script("return document.body?.innerText ?? ''")?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    fn devtools(&self, method: &'static str, parameters: Value) -> Value {
        let answer = self.block_on(self.driver().cmd(DevTools { method, parameters }));
        let answer = answer.and_then(thirtyfour::session::http::CmdResponse::value_json);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn find(&self, css: &str) -> WebDriverResult<WebElement> {
        self.block_on(self.driver().find(By::Css(css)))
    }

    fn try_script(&self, body: &str) -> WebDriverResult<Value> {
        let answer = self.block_on(self.driver().execute(body, Vec::new()))?;
        Ok(answer.json().clone())
    }

    /// Tries until it is there: pages come and go under one's hands.
    fn wait<T>(&self, what: &str, mut attempt: impl FnMut() -> WebDriverResult<Option<T>>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let failed = match attempt() {
                Ok(Some(there)) => return there,
                Ok(None) => None,
                Err(error) => Some(error),
            };
            assert!(
                Instant::now() < deadline,
                "in vain until {what}: {failed:?}\nat {}\n{}",
                self.url(),
                self.shown().unwrap_or_default()
            );
            thread::sleep(PAUSE);
        }
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("a window that is open")
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // A driver that is gone took its window along.
            let _ = self.runtime.block_on(driver.quit());
        }
    }
}

/// A command of Chromium's own, which `WebDriver` has none for.
#[derive(Debug)]
struct DevTools {
    method: &'static str,
    parameters: Value,
}

impl FormatRequestData for DevTools {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(http::Method::POST, format!("session/{session}/goog/cdp/execute"))
            .add_body(json!({ "cmd": self.method, "params": self.parameters }))
    }
}
