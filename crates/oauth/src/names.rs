//! What a vendor calls a parameter that RFC 6749 names.

/// Pairs of our name and the vendor's; an empty one leaves the parameter out. What is not among them keeps its name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a>(pub &'a [(String, String)]);

impl<'a> Names<'a> {
    /// The vendor's name; `None`: the vendor wants no such parameter.
    pub(crate) fn of<'n>(&self, ours: &'n str) -> Option<&'n str>
    where
        'a: 'n,
    {
        let vendors = self.0.iter().find(|(name, _)| name == ours);
        Some(vendors.map_or(ours, |(_, vendors)| vendors.as_str())).filter(|name| !name.is_empty())
    }
}
