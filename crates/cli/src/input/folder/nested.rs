//! Which files of its own folder a template names as templates of nested stacks.
//!
//! Only so that they are read too: what belongs together is found out where templates are read.

/// How many are looked for in one template.
const MOST: usize = 1_000;

/// How long a path may be.
const LONGEST: usize = 1_024;

/// The properties that name them, in `AWS::CloudFormation::Stack` and `AWS::Serverless::Application`.
const PROPERTIES: [&str; 2] = ["TemplateURL", "Location"];

/// The relative paths of files below the template's folder that it names.
pub(super) fn named(bytes: &[u8]) -> Vec<&str> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let mut found = Vec::new();
    for property in PROPERTIES {
        for (at, _) in text.match_indices(property).take(MOST) {
            let after = text.get(at + property.len()..).unwrap_or_default();
            let line = after.lines().next().unwrap_or_default();
            let line = line.trim_start_matches(['"', '\'']).trim_start();
            let Some(value) = line.strip_prefix(':') else { continue };
            let value = value.trim_start();
            let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote));
            let value = match quoted {
                Some(inner) => inner.split(['"', '\'']).next().unwrap_or_default(),
                None => value.split([' ', ',', '}']).next().unwrap_or_default(),
            };
            let outside = value.is_empty()
                || value.len() > LONGEST
                || value.starts_with(['/', '!', '{', '['])
                || value.contains("://")
                || value.split(['/', '\\']).any(|part| part == "..");
            if !outside {
                found.push(value);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn paths_below_the_folder_are_found_and_nothing_else() {
        let yaml = "  A:\n    TemplateURL: './modules/a.yml' # inside\n  B:\n    TemplateURL: https://b/b.yml\n  \
                    C:\n    TemplateURL: ../c.yml\n  D:\n    Location: app/d.yaml\n  E:\n    TemplateURL: !Sub x.yml\n";
        assert_eq!(named(yaml.as_bytes()), ["./modules/a.yml", "app/d.yaml"]);
        let json = r#"{"Properties": {"TemplateURL": "nested/one.json", "Parameters": {}}}"#;
        assert_eq!(named(json.as_bytes()), ["nested/one.json"]);
        let lines = "\"TemplateURL\": \"nested/one.json\",\n\"Location\": \"/etc/passwd\"";
        assert_eq!(named(lines.as_bytes()), ["nested/one.json"]);
    }
}
