//! As much HTML as an end user needs: forms, their fields and buttons, and links.

/// A form as a browser sees it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub action: String,
    pub post: bool,
    pub fields: Vec<Field>,
    /// Names and values of what submits it; the name may be empty.
    pub buttons: Vec<(String, String)>,
}

/// A field that would be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: String,
    pub value: String,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Hidden,
    Password,
    Text,
}

/// The forms of a page, in order.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut open = false;
    for tag in tags(html) {
        match (tag.name.as_str(), forms.last_mut()) {
            ("form", _) => {
                let post = tag
                    .value("method")
                    .is_some_and(|method| method.eq_ignore_ascii_case("post"));
                forms.push(Form {
                    action: tag.or_empty("action"),
                    post,
                    ..Form::default()
                });
                open = true;
            }
            ("/form", _) => open = false,
            ("input", Some(form)) if open => form.input(&tag),
            ("button", Some(form)) if open && !matches!(tag.value("type"), Some("button" | "reset")) => {
                form.buttons.push((tag.or_empty("name"), tag.or_empty("value")));
            }
            _ => {}
        }
    }
    forms
}

/// Where the links of a page lead.
pub(crate) fn links(html: &str) -> Vec<String> {
    let links = tags(html).into_iter().filter(|tag| tag.name == "a");
    links
        .filter_map(|tag| tag.value("href").map(ToOwned::to_owned))
        .collect()
}

impl Form {
    fn input(&mut self, tag: &Tag) {
        let (name, value) = (tag.or_empty("name"), tag.or_empty("value"));
        let kind = match tag.value("type").unwrap_or("text") {
            "submit" | "image" => return self.buttons.push((name, value)),
            "button" | "reset" | "file" => return,
            "checkbox" | "radio" if tag.value("checked").is_none() => return,
            "checkbox" | "radio" | "hidden" => Kind::Hidden,
            "password" => Kind::Password,
            _ => Kind::Text,
        };
        if !name.is_empty() {
            self.fields.push(Field { name, value, kind });
        }
    }
}

struct Tag {
    /// In lower case; an end tag's begins with a slash.
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn value(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn or_empty(&self, name: &str) -> String {
        self.value(name).unwrap_or_default().to_owned()
    }
}

fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '>')
            .unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('/').to_ascii_lowercase();
        let (attributes, after) = attributes(&rest[end..]);
        rest = after;
        if name == "script" || name == "style" {
            rest = rest.find(&format!("</{name}")).map_or("", |end| &rest[end..]);
        }
        tags.push(Tag { name, attributes });
    }
    tags
}

/// Reads attributes up to the tag's `>`; gives what follows it.
fn attributes(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return (attributes, "");
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (attributes, after);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        // An attribute is at least one character, so that stray ones are passed over.
        let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = attribute_value(after.trim_start());
        }
        attributes.push((name, text(value)));
    }
}

fn attribute_value(rest: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = rest.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    rest.split_at(
        rest.find(|c: char| c.is_whitespace() || c == '>')
            .unwrap_or(rest.len()),
    )
}

/// Resolves the character references that templates write.
fn text(coded: &str) -> String {
    let mut plain = String::new();
    let mut rest = coded;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        rest = after;
        let reference = after
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)));
        if let Some((character, after)) = reference {
            plain.push(character);
            rest = after;
        } else {
            plain.push('&');
        }
    }
    plain + rest
}

fn character(name: &str) -> Option<char> {
    let code = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let code = match code.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => code.parse(),
    };
    char::from_u32(code.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str, kind: Kind) -> Field {
        Field {
            name: name.into(),
            value: value.into(),
            kind,
        }
    }

    #[test]
    fn forms_have_what_a_browser_would_send() {
        let page = r#"<!-- <form> --><script>"<form action=no>"</script><a href='/x?a=1&amp;b=2'>x</a>
            <FORM Method=post action="/go&#x3f;"><input type="hidden" name=csrf value='a"b'/>
            <input name="user" required><input type=password name=pass><input type=checkbox name=off>
            <input type=checkbox name=on value=1 checked><input type=submit name=s value=1>
            <button name="decision" value="allow">Yes</button><button type="button" name=no>x</button></form>
            <input name=outside><form></form>"#;
        let forms = forms(page);
        assert_eq!(forms.len(), 2);
        assert_eq!((forms[0].action.as_str(), forms[0].post), ("/go?", true));
        let fields = [
            field("csrf", "a\"b", Kind::Hidden),
            field("user", "", Kind::Text),
            field("pass", "", Kind::Password),
            field("on", "1", Kind::Hidden),
        ];
        assert_eq!(forms[0].fields, fields);
        assert_eq!(
            forms[0].buttons,
            [("s".into(), "1".into()), ("decision".into(), "allow".into())]
        );
        assert_eq!(forms[1], Form::default());
        assert_eq!(links(page), ["/x?a=1&b=2"]);
    }

    #[test]
    fn broken_pages_end() {
        for page in [
            "<",
            "<form",
            "<form a=\"",
            "<a ==>",
            "<!--",
            "<script>",
            "<a href=é =é",
            "&#xffffffff;",
        ] {
            forms(page);
            links(page);
        }
        assert_eq!(text("a&b;&#xffffffff;&amp"), "a&b;&#xffffffff;&amp");
    }
}
