//! What samplers' tables mean, and what is said of those that cannot work.

use std::path::Path;

use expect_test::{Expect, expect};

use crate::config::{Experiment, Layer};
use crate::failure::Failure;

const SMALL: &str = "rounds = 5
[data.emr-risk]
population = \"province-21\"
[model.logistic]
[training]
epochs = 1
";

fn parsed(sampler: &str) -> Result<Experiment, Failure> {
    let text = format!("{SMALL}{sampler}\n");
    let loaded = Experiment::parse(Path::new("exp.toml"), &text, Vec::new())?;
    loaded.open()?;
    Ok(loaded.value)
}

/// Target, and the most that a round asks, of 21 hospitals: 3 tertiary, 6 county, 12 township.
fn sizes(sampler: &str) -> (usize, usize) {
    let experiment =
        parsed(sampler).unwrap_or_else(|failure| panic!("{}", failure.render(90, false)));
    let roster = ward_data::Population::Province21.roster();
    (
        experiment.target(&roster),
        experiment.largest_cohort(&roster),
    )
}

#[test]
fn samplers_aim_at_what_their_tables_say() {
    let over = "\n[round]\nover_selection = 1.5";
    for (sampler, expected) in [
        ("[sampler.all]".to_owned(), (21, 21)),
        (
            "[sampler.all]\nwhere = \"tier == 'county'\"".to_owned(),
            (6, 6),
        ),
        ("[sampler.uniform]\nfraction = 0.25".to_owned(), (5, 5)),
        (format!("[sampler.uniform]\ncount = 6{over}"), (6, 9)),
        (
            format!("[sampler.uniform]\nfraction = 0.5\nwhere = \"tier != 'township'\"{over}"),
            (5, 8),
        ),
        ("[sampler.poisson]\nrate = 0.2".to_owned(), (4, 21)),
        (
            "[sampler.poisson]\nrate = 0.01\nwhere = \"tier == 'county'\"".to_owned(),
            (1, 6),
        ),
        (format!("[sampler.volume]\ncount = 20{over}"), (20, 21)),
        ("[sampler.round-robin]\ncount = 3".to_owned(), (3, 3)),
        (
            format!("[sampler.tier]\nquota = {{ tertiary = 3, township = 5 }}{over}"),
            (8, 11),
        ),
        (
            "[sampler.power-of-choice]\ncount = 4\ncandidates = 4".to_owned(),
            (4, 4),
        ),
        ("[sampler.importance]\nfraction = 1.0".to_owned(), (21, 21)),
    ] {
        assert_eq!(sizes(&sampler), expected, "{sampler}");
    }
}

fn refused(sampler: &str, expected: &Expect) {
    let failure = parsed(sampler).map(|_| ()).unwrap_err();
    assert_eq!(failure.exit(), 3);
    expected.assert_eq(&failure.render(100, false));
}

#[test]
fn a_condition_is_underlined_where_it_is_wrong() {
    refused(
        "[sampler.uniform]\ncount = 2\nwhere = \"tier == 'county' && teir == 'x'\"",
        &expect![[r#"
            WR0215

              × `sampler.uniform.where` at column 21: no hospital has the tag `teir`
               ╭─[exp.toml:9:30]
             8 │ count = 2
             9 │ where = "tier == 'county' && teir == 'x'"
               ·                              ──┬─
               ·                                ╰── here
               ╰────
              help: did you mean `tier`? Otherwise say `name` or `tier`

              `wardround explain WR0215` says more
        "#]],
    );
    refused(
        "[sampler.all]\nwhere = 'name == \"county-01\" || (tier in [\"county\", \"townshp\"])'",
        &expect![[r#"
            WR0215

              × `sampler.all.where` at column 44: no hospital's tier is `townshp`
               ╭─[exp.toml:8:53]
             7 │ [sampler.all]
             8 │ where = 'name == "county-01" || (tier in ["county", "townshp"])'
               ·                                                     ────┬────
               ·                                                         ╰── here
               ╰────
              help: did you mean `township`? Otherwise say `county`, `tertiary` or `township`

              `wardround explain WR0215` says more
        "#]],
    );
    refused(
        "[sampler.all]\nwhere = 'tier == \"county\" &&'",
        &expect![[r#"
            WR0215

              × `sampler.all.where` at column 20: a tag such as `tier`, `!` or `(` is expected here
               ╭─[exp.toml:8:29]
             7 │ [sampler.all]
             8 │ where = 'tier == "county" &&'
               ·                             ┬
               ·                             ╰── here
               ╰────

              `wardround explain WR0215` says more
        "#]],
    );
    // Escapes: what is written is not what is meant, and all of it is underlined.
    refused(
        "[sampler.all]\nwhere = \"tier = \\\"county\\\"\"",
        &expect![[r#"
            WR0215

              × `sampler.all.where` at column 6: this means nothing
               ╭─[exp.toml:8:9]
             7 │ [sampler.all]
             8 │ where = "tier = \"county\""
               ·         ─────────┬─────────
               ·                  ╰── here
               ╰────
              help: write `==` to compare

              `wardround explain WR0215` says more
        "#]],
    );
}

#[test]
fn a_condition_on_the_command_line_is_underlined_there() {
    let above = vec![Layer::set("sampler.all.where=tier == county").unwrap()];
    let failure = Experiment::parse(Path::new("exp.toml"), SMALL, above)
        .map(|_| ())
        .unwrap_err();
    expect![[r#"
        WR0215

          × `sampler.all.where` at column 9: a text in quotes is expected here
           ╭─[--set sampler.all.where=tier == county:1:27]
         1 │ sampler.all.where=tier == county
           ·                           ───┬──
           ·                              ╰── here
           ╰────
          help: put it in quotes: 'county'

          `wardround explain WR0215` says more
    "#]]
    .assert_eq(&failure.render(100, false));
}

#[test]
fn a_condition_that_matches_nobody_or_too_few_is_refused_with_the_number() {
    refused(
        "[sampler.uniform]\ncount = 2\nwhere = \"tier == 'county' && name == 'township-01'\"",
        &expect![[r#"
            WR0207

              × `sampler.uniform.where` matches 0 of 21 hospitals
               ╭─[exp.toml:9:9]
             8 │ count = 2
             9 │ where = "tier == 'county' && name == 'township-01'"
               ·         ─────────────────────┬─────────────────────
               ·                              ╰── here
               ╰────
              help: loosen it: no hospital is left to train

              `wardround explain WR0207` says more
        "#]],
    );
    refused(
        "[sampler.round-robin]\ncount = 7\nwhere = \"tier == 'county'\"",
        &expect![[r#"
            WR0207

              × `sampler.round-robin.count` asks for 7 hospitals, and `where` matches 6
               ╭─[exp.toml:8:9]
             7 │ [sampler.round-robin]
             8 │ count = 7
               ·         ┬
               ·         ╰── here
             9 │ where = "tier == 'county'"
               ╰────

              `wardround explain WR0207` says more
        "#]],
    );
}

#[test]
fn settings_that_cannot_work_are_refused() {
    refused(
        "[sampler.poisson]\nrate = 0",
        &expect![[r#"
        WR0201

          × `sampler.poisson.rate` must be above 0 and up to 1, not 0
           ╭─[exp.toml:8:8]
         7 │ [sampler.poisson]
         8 │ rate = 0
           ·        ┬
           ·        ╰── here
           ╰────

          `wardround explain WR0201` says more
    "#]],
    );
    refused(
        "[sampler.poisson]",
        &expect![[r#"
        WR0106

          × the key `rate` is missing in `sampler.poisson`
           ╭─[exp.toml:7:1]
         6 │ epochs = 1
         7 │ [sampler.poisson]
           · ────────┬────────
           ·         ╰── `rate` belongs here
           ╰────
          help: add `rate = ...`; `wardround schema` says what it means

          `wardround explain WR0106` says more
    "#]],
    );
    refused(
        "[sampler.poisson]\nrate = 0.5\n[round]\nover_selection = 1.2",
        &expect![[r#"
            WR0202

              × `round.over_selection` must be 1 with `sampler.poisson`: asking more would change the
              │ probability of each hospital
                ╭─[exp.toml:10:18]
              9 │ [round]
             10 │ over_selection = 1.2
                ·                  ─┬─
                ·                   ╰── here
                ╰────
              help: raise sampler.poisson.rate instead

              `wardround explain WR0202` says more
        "#]],
    );
    refused(
        "[sampler.tier]\nquota = { tertiary = 4, conty = 2, township = 0 }",
        &expect![[r#"
            WR0201

              × `sampler.tier.quota.township` must be at least 1, not 0
               ╭─[exp.toml:8:47]
             7 │ [sampler.tier]
             8 │ quota = { tertiary = 4, conty = 2, township = 0 }
               ·                                               ┬
               ·                                               ╰── here
               ╰────

              `wardround explain WR0201` says more
        "#]],
    );
    refused(
        "[sampler.tier]\nquota = { tertiary = 4, conty = 2, township = 1 }",
        &expect![[r#"
              × 2 problems in exp.toml

            Error: WR0207

              × `sampler.tier.quota.tertiary` asks for 4 hospitals, and there are 3 of the tier
               ╭─[exp.toml:8:22]
             7 │ [sampler.tier]
             8 │ quota = { tertiary = 4, conty = 2, township = 1 }
               ·                      ┬
               ·                      ╰── here
               ╰────

            Error: WR0207

              × `sampler.tier.quota.conty` is for a tier that no hospital has: `conty`
               ╭─[exp.toml:8:33]
             7 │ [sampler.tier]
             8 │ quota = { tertiary = 4, conty = 2, township = 1 }
               ·                                 ┬
               ·                                 ╰── here
               ╰────
              help: did you mean `county`? Otherwise say `county`, `tertiary` or `township`

              `wardround explain WR0207` says more
        "#]],
    );
    refused(
        "[sampler.power-of-choice]\ncount = 5\ncandidates = 4",
        &expect![[r#"
            WR0202

              × `sampler.power-of-choice.candidates` is 4, fewer than the 5 to choose from them
               ╭─[exp.toml:9:14]
             8 │ count = 5
             9 │ candidates = 4
               ·              ┬
               ·              ╰── here
               ╰────

              `wardround explain WR0202` says more
        "#]],
    );
    refused(
        "[sampler.importance]\nexplore = 2.0",
        &expect![[r#"
          × 2 problems in exp.toml

        Error: WR0206

          × `sampler.importance` needs `count` or `fraction`
           ╭─[exp.toml:7:1]
         6 │ epochs = 1
         7 │ [sampler.importance]
           · ──────────┬─────────
           ·           ╰── here
         8 │ explore = 2.0
           ╰────
          help: say how many: `count = 10` or `fraction = 0.1`

        Error: WR0201

          × `sampler.importance.explore` must be between 0 and 1, not 2
           ╭─[exp.toml:8:11]
         7 │ [sampler.importance]
         8 │ explore = 2.0
           ·           ─┬─
           ·            ╰── here
           ╰────

          `wardround explain WR0201`, `wardround explain WR0206` say more
    "#]],
    );
}

#[test]
fn rows_that_nothing_tells_cannot_be_drawn_by() {
    let csv = "rounds = 1\n[data.csv]\nlabel = \"y\"\nfile = \"f\"\nhospital_column = \"h\"\n\
               features = [{ column = \"x\" }]\n[model.logistic]\n[training]\nepochs = 1\n\
               [baselines]\npooled = false\n";
    let parse = |rest: &str| {
        let text = format!("{csv}{rest}");
        Experiment::parse(Path::new("exp.toml"), &text, Vec::new()).map(|_| ())
    };
    for sampler in ["volume", "power-of-choice"] {
        let sampler = format!("[sampler.{sampler}]\ncount = 1\n");
        let told = parse(&sampler).unwrap_err().render(200, false);
        assert!(
            told.contains("WR0202") && told.contains("federated"),
            "{told}"
        );
        parse(&format!(
            "{sampler}[preprocessing]\nscaling = \"federated\""
        ))
        .unwrap();
    }
    parse("[sampler.power-of-choice]\ncount = 1\ncandidates_by = \"uniform\"").unwrap();
    parse("[sampler.importance]\ncount = 1").unwrap();
}
