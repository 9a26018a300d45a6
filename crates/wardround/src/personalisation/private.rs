//! Tensors by name: which of a model's stay in the hospital.

use ward_core::Layout;

use crate::codes::Code;
use crate::config::check::Settings;

/// The name of the last layer: that of the last tensor, without its last word.
pub(super) fn last_layer(layout: &Layout) -> &str {
    let last = layout.tensors.last().map_or("", |tensor| &tensor.name);
    last.rsplit_once('.').map_or(last, |(layer, _)| layer)
}

/// `private`, or all tensors of the last layer where it is empty.
pub(super) fn or_last_layer(private: &[String], layout: &Layout) -> Vec<String> {
    match private {
        [] => vec![format!("{}.*", last_layer(layout))],
        given => given.to_vec(),
    }
}

/// Names of the tensors that one of `patterns` matches, first to last.
pub(super) fn matching(patterns: &[String], layout: &Layout) -> Vec<String> {
    let names = layout.tensors.iter().map(|tensor| &tensor.name);
    let private = |name: &&String| patterns.iter().any(|pattern| matches(pattern, name));
    names.filter(private).cloned().collect()
}

/// Whether `pattern`, in which `*` stands for anything, is `name`.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    ends.into_iter().any(|at| matches(rest, &name[at..]))
}

/// Finds patterns that match nothing, and models of which nothing would be shared.
pub(super) fn check(patterns: &[String], layout: &Layout, settings: &mut Settings<'_>) {
    let names: Vec<&str> = layout.tensors.iter().map(|t| t.name.as_str()).collect();
    let help = format!("its tensors are {}", names.join(", "));
    let nothing = |pattern: &&String| !names.iter().any(|name| matches(pattern, name));
    for pattern in patterns.iter().filter(nothing) {
        let message = format!("names `{pattern}`, and the model has no such tensor");
        settings.add(Code::Combination, "private", &message).help = Some(help.clone());
    }
    if matching(patterns, layout).len() == names.len() {
        let message = "leaves nothing to learn together: every tensor of the model is private";
        settings.add(Code::Combination, "private", message).help = Some(help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::TensorSpec;

    fn layout(names: &[&str]) -> Layout {
        let tensor = |name: &&str| TensorSpec {
            name: (*name).to_owned(),
            shape: vec![2],
        };
        Layout {
            tensors: names.iter().map(tensor).collect(),
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, is) in [
            ("dense1.bias", "dense1.bias", true),
            ("dense1.bias", "dense10.bias", false),
            ("dense1.*", "dense1.bias", true),
            ("dense1.*", "dense10.bias", false),
            ("*", "", true),
            ("*.bias", "dense1.bias", true),
            ("*norm*", "block.norm1.gamma", true),
            ("*norm*", "dense1.bias", false),
            ("*a*a", "ba", false),
            ("*é*", "aéb", true),
        ] {
            assert_eq!(matches(pattern, name), is, "{pattern} and {name}");
        }
    }

    #[test]
    fn the_head_is_the_last_layer() {
        let layout = layout(&[
            "dense1.weight",
            "dense1.bias",
            "dense2.weight",
            "dense2.bias",
        ]);
        let head = or_last_layer(&[], &layout);
        assert_eq!(matching(&head, &layout), ["dense2.weight", "dense2.bias"]);
        let given = ["*.bias".to_owned()];
        let biases = matching(&or_last_layer(&given, &layout), &layout);
        assert_eq!(biases, ["dense1.bias", "dense2.bias"]);
    }
}
