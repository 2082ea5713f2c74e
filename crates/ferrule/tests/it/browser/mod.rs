//! The pages in a real browser, as people use them.

mod certified_flow;
mod flow;
mod hostile_text;
mod keyboard;
mod look;
mod reference;
mod refusals;
mod site;
mod webdriver;
mod window;
mod without_scripts;
