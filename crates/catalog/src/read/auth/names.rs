//! Vendors' own names of parameters that RFC 6749 names.

use super::super::Reading;
use crate::section::Section;

/// Each a name of ours and the vendor's; an empty one leaves the parameter out.
pub(super) fn names(
    reading: &Reading<'_>,
    section: &Section<'_>,
    key: &'static str,
    ours: &[&str],
) -> Vec<(String, String)> {
    let pairs = section.pairs(key).into_iter();
    let names = pairs.map(|(name, vendors)| {
        if !ours.contains(&name.get_ref().as_str()) {
            let message = format!(
                "{key}: '{}' is none of the names that may be changed: {}",
                name.get_ref(),
                ours.join(", ")
            );
            reading.report.at(name.span(), message);
        }
        if ours.contains(&vendors.get_ref().as_str()) {
            let message = format!(
                "{key}: '{}' already means something else: remove the line",
                vendors.get_ref()
            );
            reading.report.at(vendors.span(), message);
        }
        (name.into_inner(), vendors.into_inner())
    });
    names.collect()
}
