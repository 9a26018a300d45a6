//! What conditions mean, and what is said of those that mean nothing.

use proptest::prelude::*;
use ward_core::{NodeId, NodeInfo};

use super::*;

fn roster() -> Vec<NodeInfo> {
    let info = |(node, (name, tier, region)): (usize, (&str, &str, Option<&str>))| NodeInfo {
        node: NodeId(node as u32),
        name: name.to_owned(),
        tier: tier.to_owned(),
        tags: region
            .map(|region| ("region".to_owned(), region.to_owned()))
            .into_iter()
            .collect(),
    };
    let all = [
        ("a", "tertiary", Some("west")),
        ("b", "county", Some("east")),
        ("c", "county", Some("west")),
        ("d", "township", None),
    ];
    all.into_iter().enumerate().map(info).collect()
}

/// The names of those of whom it holds.
fn chosen(text: &str) -> String {
    let condition = Condition::parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
    assert_eq!(condition.unknown(&roster()), []);
    let roster = roster();
    let chosen = roster.iter().filter(|info| condition.holds(info));
    chosen.map(|info| info.name.as_str()).collect()
}

#[test]
fn conditions_mean_what_they_say() {
    for (text, expected) in [
        ("tier == 'county'", "bc"),
        ("tier == \"county\" && region == \"west\"", "c"),
        ("tier=='tertiary'||tier=='township'", "ad"),
        ("tier in ['tertiary', 'township']", "ad"),
        ("!(tier in ['tertiary', 'township'])", "bc"),
        ("! tier == 'county'", "ad"),
        // A hospital without the tag is equal to nothing, and so unlike everything.
        ("region != 'west'", "bd"),
        // `&&` binds before `||`.
        ("name == 'a' || name == 'b' && region == 'west'", "a"),
        ("(name == 'a' || name == 'b') && region == 'west'", "a"),
        ("(name == 'a' || name == 'b') && region == 'east'", "b"),
        ("!!(name == 'd')", "d"),
        ("name == 'a' && !name == 'a'", ""),
    ] {
        assert_eq!(chosen(text), expected, "{text}");
    }
}

/// The text that is underlined, what is said, and the help.
fn wrong(text: &str) -> (String, String, String) {
    let mistake = match Condition::parse(text) {
        Err(mistake) => mistake,
        Ok(condition) => condition.unknown(&roster()).remove(0),
    };
    let help = mistake.help.unwrap_or_default();
    (text[mistake.at].to_owned(), mistake.message, help)
}

#[test]
fn mistakes_of_form_are_told_where_they_stand() {
    for (text, at, message) in [
        ("", "", "a tag such as `tier`, `!` or `(` is expected here"),
        ("tier", "", "`==`, `!=` or `in` is expected here"),
        (
            "tier 'county'",
            "'county'",
            "`==`, `!=` or `in` is expected here",
        ),
        ("tier = 'county'", "=", "this means nothing"),
        (
            "tier == county",
            "county",
            "a text in quotes is expected here",
        ),
        (
            "tier == 'county' region",
            "region",
            "`&&`, `||` or the end is expected here",
        ),
        (
            "(tier == 'county'",
            "",
            "`&&`, `||` or `)` is expected here",
        ),
        (
            "tier == 'county' &&",
            "",
            "a tag such as `tier`, `!` or `(` is expected here",
        ),
        ("tier == 'county", "'county", "a text has no end"),
        ("tier in 'county'", "'county'", "`[` is expected here"),
        (
            "tier in ['county' 'x']",
            "'x'",
            "`,` or `]` is expected here",
        ),
        ("tier in []", "]", "a text in quotes is expected here"),
        ("tier > 'é'", ">", "this means nothing"),
    ] {
        let (got, said, _) = wrong(text);
        assert_eq!((got.as_str(), said.as_str()), (at, message), "{text}");
    }
    let deep = format!("{}tier == 'a'", "(".repeat(10_000));
    assert_eq!(wrong(&deep).1, "is nested more than 64 deep");
}

#[test]
fn tags_and_values_that_nobody_has_are_answered_with_those_meant() {
    for (text, at, message, help) in [
        (
            "teir == 'county'",
            "teir",
            "no hospital has the tag `teir`",
            "did you mean `tier`? Otherwise say `name`, `region` or `tier`",
        ),
        (
            "tier in ['county', 'townshp']",
            "'townshp'",
            "no hospital's tier is `townshp`",
            "did you mean `township`? Otherwise say `county`, `tertiary` or `township`",
        ),
        (
            "region == 'north-by-north'",
            "'north-by-north'",
            "no hospital's region is `north-by-north`",
            "say `east` or `west`",
        ),
    ] {
        let (got, said, helped) = wrong(text);
        assert_eq!(
            (got.as_str(), said.as_str(), helped.as_str()),
            (at, message, help)
        );
    }
    let many: Vec<NodeInfo> = (0..40)
        .map(|node| NodeInfo {
            node: NodeId(node),
            name: format!("h{node}"),
            ..NodeInfo::default()
        })
        .collect();
    let unknown = Condition::parse("name == 'hh'").unwrap().unknown(&many);
    let help = unknown[0].help.as_deref();
    assert_eq!(help, Some("there are 40 others"));
}

/// A condition, as text, and what it means for each of the four hospitals.
fn conditions() -> impl Strategy<Value = (String, [bool; 4])> {
    let leaf = prop_oneof![
        Just(("tier == 'county'".to_owned(), [false, true, true, false])),
        Just(("region != \"west\"".to_owned(), [false, true, false, true])),
        Just(("name in ['a','d']".to_owned(), [true, false, false, true])),
    ];
    type Meant = (String, [bool; 4]);
    let both = |a: &Meant, b: &Meant, or: bool| -> [bool; 4] {
        std::array::from_fn(|i| {
            if or {
                a.1[i] || b.1[i]
            } else {
                a.1[i] && b.1[i]
            }
        })
    };
    leaf.prop_recursive(5, 40, 2, move |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|(text, meant)| (format!("!({text})"), meant.map(|b| !b))),
            (inner.clone(), inner, any::<bool>()).prop_map(move |(a, b, or)| {
                let sign = if or { "||" } else { "&&" };
                (format!("({}) {sign} ({})", a.0, b.0), both(&a, &b, or))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_nesting_means_what_its_parts_mean((text, meant) in conditions()) {
        let condition = Condition::parse(&text).unwrap();
        let got: Vec<bool> = roster().iter().map(|info| condition.holds(info)).collect();
        prop_assert_eq!(got, meant);
    }

    #[test]
    fn no_text_breaks_the_parser(text in "[a-z=!&|()'\"\\[\\], é]{0,40}") {
        if let Err(mistake) = Condition::parse(&text) {
            prop_assert!(text.get(mistake.at).is_some());
        }
    }
}
