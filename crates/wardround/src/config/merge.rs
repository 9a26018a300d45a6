//! Layers on top of each other become one document.

use toml_edit::{Item, Table};

use super::layer::Layer;
use super::locate::{Path, dotted};

/// What merging must know of a type of configuration.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Tables that choose a variant by the name of their only sub-table. A higher layer that names
    /// another variant replaces the one below. A `*` stands for any one name.
    pub choices: &'static [&'static str],
    /// Pairs of keys of which only one may be given: a higher layer's replaces the other below.
    pub either: &'static [(&'static str, [&'static str; 2])],
}

/// All layers as one table, later ones on top.
#[must_use]
pub(super) fn merge(layers: &[Layer], shape: &Shape) -> Table {
    let mut whole = Table::new();
    for layer in layers {
        let mut path = Vec::new();
        merge_table(&mut whole, layer.table(), &mut path, shape, layer.replaces);
    }
    whole
}

fn merge_table(below: &mut Table, above: &Table, path: &mut Path, shape: &Shape, replaces: bool) {
    make_room(below, above, &dotted(path), shape);
    for (name, item) in above {
        path.push(name.to_owned());
        let replaced = replaces && item.is_inline_table();
        match (
            below.remove(name).map(Item::into_table),
            item.clone().into_table(),
        ) {
            (Some(Ok(mut under)), Ok(over)) if !replaced => {
                merge_table(&mut under, &over, path, shape, replaces);
                below.insert(name, Item::Table(under));
            }
            (_, Ok(over)) => {
                // As a table like any other, so that a later layer finds its keys.
                let mut fresh = Table::new();
                fresh.set_implicit(item.as_table().is_some_and(Table::is_implicit));
                merge_table(&mut fresh, &over, path, shape, replaces);
                below.insert(name, Item::Table(fresh));
            }
            (_, Err(other)) => {
                below.insert(name, other);
            }
        }
        path.pop();
    }
}

/// Takes out of `below` what the keys of `above` exclude.
fn make_room(below: &mut Table, above: &Table, path: &str, shape: &Shape) {
    let chooses = shape.choices.iter().any(|choice| stands_for(choice, path));
    if chooses && !above.is_empty() {
        below.retain(|name, _| above.contains_key(name));
    }
    for (_, pair) in shape.either.iter().filter(|(table, _)| *table == path) {
        for (given, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
            if above.contains_key(given) && !above.contains_key(other) {
                below.remove(other);
            }
        }
    }
}

/// Whether `choice` is `path`, a `*` being any one of its names.
fn stands_for(choice: &str, path: &str) -> bool {
    let (choice, path) = (choice.split('.'), path.split('.'));
    choice
        .clone()
        .zip(path.clone())
        .all(|(choice, name)| choice == "*" || choice == name)
        && choice.count() == path.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape {
        choices: &["strategy", "strategy.*.schedule", "training.optimizer"],
        either: &[("training", ["epochs", "steps"])],
    };

    fn merged(files: &[&str], sets: &[&str]) -> String {
        let files = files
            .iter()
            .map(|text| Layer::file("f.toml", text).unwrap());
        let sets = sets.iter().map(|text| Layer::set(text).unwrap());
        let table = merge(&files.chain(sets).collect::<Vec<_>>(), &SHAPE);
        let text = toml_edit::DocumentMut::from(table).to_string();
        let value: toml::Table = toml::from_str(&text).unwrap();
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn tables_are_merged_key_by_key() {
        let below = "a = 1\n[round]\nquorum = 0.5\ndeadline_s = 9\n";
        assert_eq!(
            merged(
                &[below, "a = 2\n[round]\nquorum = 1.0\n"],
                &["round.extra.deep=3"]
            ),
            r#"{"a":2,"round":{"deadline_s":9,"extra":{"deep":3},"quorum":1.0}}"#
        );
    }

    #[test]
    fn another_variant_replaces_and_the_same_one_is_merged() {
        let below = "[strategy.fedprox]\nmu = 0.1\nnu = 1\n";
        assert_eq!(
            merged(&[below, "[strategy.fedavg]\n"], &[]),
            r#"{"strategy":{"fedavg":{}}}"#
        );
        assert_eq!(
            merged(&[below], &["strategy.fedprox.mu=0.5"]),
            r#"{"strategy":{"fedprox":{"mu":0.5,"nu":1}}}"#
        );
        assert_eq!(
            merged(&[below], &["strategy.fedyogi.eta=1"]),
            r#"{"strategy":{"fedyogi":{"eta":1}}}"#
        );
        let below = "[strategy.fedyogi.schedule.step]\nevery = 5\n";
        assert_eq!(
            merged(&[below], &["strategy.fedyogi.schedule.cosine.least=1"]),
            r#"{"strategy":{"fedyogi":{"schedule":{"cosine":{"least":1}}}}}"#
        );
    }

    #[test]
    fn an_inline_table_on_the_command_line_replaces() {
        let below = "[strategy.fedprox]\nmu = 0.1\nnu = 1\n";
        assert_eq!(
            merged(
                &[below],
                &["strategy={fedprox={mu=2}}", "strategy.fedprox.pi=3"]
            ),
            r#"{"strategy":{"fedprox":{"mu":2,"pi":3}}}"#
        );
        assert_eq!(
            merged(&["training={epochs=1,l2=1}", "training={l2=2}"], &[]),
            r#"{"training":{"epochs":1,"l2":2}}"#
        );
    }

    #[test]
    fn of_two_ways_to_say_the_same_the_higher_layer_wins() {
        let below = "[training]\nsteps = 10\nl2 = 1\n";
        assert_eq!(
            merged(&[below], &["training.epochs=2"]),
            r#"{"training":{"epochs":2,"l2":1}}"#
        );
        assert_eq!(
            merged(&[below, "[training]\nsteps = 1\nepochs = 2\n"], &[]),
            r#"{"training":{"epochs":2,"l2":1,"steps":1}}"#
        );
    }

    #[test]
    fn lists_are_replaced_whole() {
        let below = "[[data.csv.hospitals]]\nname = 'a'\n[[data.csv.hospitals]]\nname = 'b'\n";
        assert_eq!(
            merged(
                &[
                    below,
                    "[[data.csv.hospitals]]\nname = 'c'\n[data.csv]\nfolder = 'x'\n"
                ],
                &[]
            ),
            r#"{"data":{"csv":{"folder":"x","hospitals":[{"name":"c"}]}}}"#
        );
    }
}
