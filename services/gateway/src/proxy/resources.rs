//! From the path that callers use to the vendor's own.

use std::borrow::Cow;

use axum::http::Method;
use ferrule_catalog::Resource;

/// The declared resource that a path means, and the vendor's path for it. Of several, the one with the fewest
/// placeholders. A slash at the end stays.
pub(crate) fn find<'r, 'p>(resources: &'r [Resource], path: &'p str) -> Option<(&'r Resource, Cow<'p, str>)> {
    let plain = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    let candidates = resources.iter().filter_map(|resource| {
        let values = values(&resource.path, plain)?;
        Some((resource, values))
    });
    let (resource, values) = candidates.min_by_key(|(_, values)| values.len())?;
    if resource.path == resource.vendor_path {
        return Some((resource, Cow::Borrowed(path)));
    }
    let mut vendor = fill(&resource.vendor_path, &values);
    vendor.push_str(&path[plain.len()..]);
    Some((resource, Cow::Owned(vendor)))
}

/// Whether the resource declares this method; who declares `GET` takes `HEAD`.
pub(crate) fn takes(resource: &Resource, method: &Method) -> bool {
    let method = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    resource
        .methods
        .iter()
        .any(|declared| declared.as_str() == method.as_str())
}

/// What stands in a path for each placeholder of a template; `None` when it is another path.
fn values<'t, 'p>(template: &'t str, path: &'p str) -> Option<Vec<(&'t str, &'p str)>> {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    let mut values = Vec::new();
    loop {
        match (template.next(), path.next()) {
            (None, None) => return Some(values),
            (Some(template), Some(segment)) => match placeholder(template) {
                None if template == segment => {}
                None => return None,
                Some((before, name, after)) => {
                    let value = segment.strip_prefix(before)?.strip_suffix(after)?;
                    values.push((name, Some(value).filter(|value| !value.is_empty())?));
                }
            },
            _ => return None,
        }
    }
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut path = String::with_capacity(template.len() + 32);
    for (place, segment) in template.split('/').enumerate() {
        if place > 0 {
            path.push('/');
        }
        match placeholder(segment) {
            None => path.push_str(segment),
            Some((before, name, after)) => {
                let value = values.iter().find(|(known, _)| *known == name);
                path.push_str(before);
                path.push_str(value.map_or("", |(_, value)| value));
                path.push_str(after);
            }
        }
    }
    path
}

/// A segment's one placeholder, with what stands around it.
fn placeholder(segment: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = segment.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(path: &str, vendor_path: &str) -> Resource {
        Resource {
            path: path.to_owned(),
            vendor_path: vendor_path.to_owned(),
            methods: vec![ferrule_catalog::Method::Get],
            description: String::new(),
            parameters: Vec::new(),
            items: None,
            paging: None,
        }
    }

    #[test]
    fn a_declared_path_becomes_the_vendors() {
        let resources = [
            resource("/contacts/{id}", "/v2/people/{id}"),
            resource("/contacts/me", "/v2/self"),
            resource("/contacts", "/v2/people"),
            resource("/files/{id}.json", "/raw/{id}"),
            resource("/a/{x}/b/{y}", "/{y}/of/{x}"),
            resource("/same", "/same"),
            resource("/", "/root"),
        ];
        for (path, want) in [
            ("/contacts", Some("/v2/people")),
            ("/contacts/", Some("/v2/people/")),
            ("/contacts/5", Some("/v2/people/5")),
            ("/contacts/a%2Fb%20c", Some("/v2/people/a%2Fb%20c")),
            ("/contacts/5/", Some("/v2/people/5/")),
            ("/contacts/me", Some("/v2/self")),
            ("/contacts/5/notes", None),
            ("/contacts//", Some("/v2/people//")),
            ("/Contacts", None),
            ("/files/7.json", Some("/raw/7")),
            ("/files/.json", None),
            ("/a/1/b/2", Some("/2/of/1")),
            ("/same", Some("/same")),
            ("/", Some("/root")),
            ("/other", None),
        ] {
            let found = find(&resources, path).map(|(_, path)| path.into_owned());
            assert_eq!(found.as_deref(), want, "{path}");
        }
    }
}
