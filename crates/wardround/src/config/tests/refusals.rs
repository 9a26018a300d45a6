//! What is refused, and how it is told.

use super::*;

#[test]
fn an_unknown_key_is_underlined_with_the_one_meant() {
    let text = format!("{SMALL}batchsize = 16\n");
    refused(
        &text,
        &[],
        &expect![[r#"
            WR0103

              × unknown key `batchsize` in `training`
               ╭─[exp.toml:7:1]
             6 │ epochs = 1
             7 │ batchsize = 16
               · ────┬────
               ·     ╰── no such key
               ╰────
              help: did you mean `batch_size`? There are `engine`, `device`, `epochs`, `steps`, `batch_size`,
                    `batches`, `l2`, `example_clip_norm`, `gradient_clip_norm`, `optimizer` and `schedule`

              `wardround explain WR0103` says more
        "#]],
    );
}

#[test]
fn an_unknown_variant_is_underlined_in_its_header() {
    refused(
        &format!("{SMALL}[strategy.fedprx]\nmu = 0.1\n"),
        &[],
        &expect![[r#"
            WR0104

              × unknown choice `fedprx` in `strategy`
               ╭─[exp.toml:7:11]
             6 │ epochs = 1
             7 │ [strategy.fedprx]
               ·           ───┬──
               ·              ╰── no such choice
             8 │ mu = 0.1
               ╰────
              help: did you mean `fedprox`? There are `fedavg`, `fedavgm`, `fedprox`, `feddyn`, `scaffold`,
                    `fednova`, `fedexp`, `qfedavg`, `ifca`, `fedadam`, `fedadamw`, `fedyogi`, `fedadagrad`,
                    `fedlamb`, `fedlars`, `robust`, `median`, `trimmed-mean`, `meamed`, `krum`, `multi-krum`,
                    `bulyan`, `geometric-median`, `centred-clipping`, `mda`, `caf`, `norm-bounding`, `fltrust`
                    and `sign-majority`

              `wardround explain WR0104` says more
        "#]],
    );
}

#[test]
fn a_wrong_type_is_underlined_at_its_value() {
    refused(
        &SMALL.replace("rounds = 5", "rounds = \"many\""),
        &[],
        &expect![[r#"
        WR0105

          × `rounds` must be a whole number from 0 to 4294967295
           ╭─[exp.toml:1:10]
         1 │ rounds = "many"
           ·          ───┬──
           ·             ╰── this is the text "many"
         2 │ [data.emr-risk]
           ╰────

          `wardround explain WR0105` says more
    "#]],
    );
}

#[test]
fn a_missing_key_is_named() {
    refused(
        &SMALL.replace("rounds = 5\n", ""),
        &[],
        &expect![[r#"
        WR0106

          × the key `rounds` is missing in exp.toml
          help: add `rounds = ...`; `wardround schema` says what it means

          `wardround explain WR0106` says more
    "#]],
    );
}

#[test]
fn text_that_is_not_toml_is_underlined() {
    refused(
        "rounds = 5\n[data.emr-risk\n",
        &[],
        &expect![[r#"
        WR0102

          × exp.toml is not TOML
           ╭─[exp.toml:2:14]
         1 │ rounds = 5
         2 │ [data.emr-risk
           ·              ┬
           ·              ╰── unclosed table, expected `]`
           ╰────

          `wardround explain WR0102` says more
    "#]],
    );
}

#[test]
fn all_mistakes_of_form_are_told_at_once() {
    let text = "rounds = 5\nrouns = 6\n[data.emr-risk]\npopulation = \"ward3\"\n[model.logistic]\n\
                [training]\nepochs = 1.5\nl2 = nan\n";
    refused(
        text,
        &[],
        &expect![[r#"
              × 4 problems in exp.toml

            Error: WR0103

              × unknown key `rouns`
               ╭─[exp.toml:2:1]
             1 │ rounds = 5
             2 │ rouns = 6
               · ──┬──
               ·   ╰── no such key
             3 │ [data.emr-risk]
               ╰────
              help: did you mean `rounds`? There are `name`, `seed`, `rounds`, `data`, `preprocessing`,
                    `model`, `pretraining`, `training`, `strategy`, `personalisation`, `sampler`, `adoption`,
                    `border`, `reimbursement`, `round`, `ring`, `secure_aggregation`, `privacy`, `baselines`,
                    `evaluation`, `release`, `simulation`, `adversaries`, `coordinator`, `output` and
                    `variants`

            Error: WR0104

              × unknown choice `ward3` for `data.emr-risk.population`
               ╭─[exp.toml:4:14]
             3 │ [data.emr-risk]
             4 │ population = "ward3"
               ·              ───┬───
               ·                 ╰── no such choice
             5 │ [model.logistic]
               ╰────
              help: did you mean `ward-3`? There are `ward-3`, `province-21`, `province-42`, `china-1:1000`,
                    `china-1:100`, `china-1:10`, `china-1:1`, `counties-24`, `counties-1870`, `ukraine-1:1`,
                    `china-ukraine`, `doctors-42`, `wearers-200`, `wearers-2000` and `phones-10000`

            Error: WR0105

              × `training.epochs` must be a whole number from 0 to 4294967295
               ╭─[exp.toml:7:10]
             6 │ [training]
             7 │ epochs = 1.5
               ·          ─┬─
               ·           ╰── this is the number 1.5
             8 │ l2 = nan
               ╰────

            Error: WR0108

              × `training.l2` must be a finite number
               ╭─[exp.toml:8:6]
             7 │ epochs = 1.5
             8 │ l2 = nan
               ·      ─┬─
               ·       ╰── not finite
               ╰────

              `wardround explain WR0103`, `wardround explain WR0104`, `wardround explain WR0105`, `wardround
              explain WR0108` say more
        "#]],
    );
}

#[test]
fn all_impossible_values_are_told_at_once() {
    let text = format!(
        "{SMALL}l2 = -1.0\n[training.optimizer.sgd]\nlearning_rate = 0.0\n[round]\nquorum = 1.5\n\
         deadline_s = 0\n[sampler.uniform]\n"
    );
    refused(
        &text,
        &[],
        &expect![[r#"
          × 5 problems in exp.toml

        Error: WR0201

          × `training.l2` must be 0 or more, not -1
           ╭─[exp.toml:7:6]
         6 │ epochs = 1
         7 │ l2 = -1.0
           ·      ──┬─
           ·        ╰── here
         8 │ [training.optimizer.sgd]
           ╰────

        Error: WR0201

          × `training.optimizer.sgd.learning_rate` must be above 0, not 0
            ╭─[exp.toml:9:17]
          8 │ [training.optimizer.sgd]
          9 │ learning_rate = 0.0
            ·                 ─┬─
            ·                  ╰── here
         10 │ [round]
            ╰────

        Error: WR0201

          × `round.quorum` must be a share above 0 and up to 1, not 1.5
            ╭─[exp.toml:11:10]
         10 │ [round]
         11 │ quorum = 1.5
            ·          ─┬─
            ·           ╰── here
         12 │ deadline_s = 0
            ╰────

        Error: WR0201

          × `round.deadline_s` must be 0.001 s to a year, not 0
            ╭─[exp.toml:12:14]
         11 │ quorum = 1.5
         12 │ deadline_s = 0
            ·              ┬
            ·              ╰── here
         13 │ [sampler.uniform]
            ╰────

        Error: WR0206

          × `sampler.uniform` needs `count` or `fraction`
            ╭─[exp.toml:13:1]
         12 │ deadline_s = 0
         13 │ [sampler.uniform]
            · ────────┬────────
            ·         ╰── here
            ╰────
          help: say how many: `count = 10` or `fraction = 0.1`

          `wardround explain WR0201`, `wardround explain WR0206` say more
    "#]],
    );
}

#[test]
fn two_variants_are_one_too_many() {
    refused(
        &format!("{SMALL}[strategy.fedavg]\n[strategy.fedprox]\n"),
        &[],
        &expect![[r#"
        WR0110

          × `strategy` needs exactly one table that says which it is
           ╭─[exp.toml:7:2]
         6 │ epochs = 1
         7 │ [strategy.fedavg]
           ·  ────┬───
           ·      ╰── none or several
         8 │ [strategy.fedprox]
           ╰────
          help: keep one, written as a header: [strategy.NAME]

          `wardround explain WR0110` says more
    "#]],
    );
}

#[test]
fn a_word_where_a_variant_s_table_belongs_is_explained() {
    refused(
        &format!("strategy = \"fedavg\"\n{SMALL}"),
        &[],
        &expect![[r#"
        WR0110

          × `strategy` needs exactly one table that says which it is
           ╭─[exp.toml:1:12]
         1 │ strategy = "fedavg"
           ·            ────┬───
           ·                ╰── a word
         2 │ rounds = 5
           ╰────
          help: keep one, written as a header: [strategy.NAME]

          `wardround explain WR0110` says more
    "#]],
    );
}

#[test]
fn a_mistake_on_the_command_line_is_shown_there() {
    refused(
        SMALL,
        &["training.batch_size=abc"],
        &expect![[r#"
        WR0105

          × `training.batch_size` must be a whole number from 0 to 4294967295
           ╭─[--set training.batch_size=abc:1:21]
         1 │ training.batch_size=abc
           ·                     ─┬─
           ·                      ╰── this is the text "abc"
           ╰────

          `wardround explain WR0105` says more
    "#]],
    );
    refused(
        SMALL,
        &["rounds=3", "training.epochs=0", "trainin.l2=1"],
        &expect![[r#"
            WR0103

              × unknown key `trainin`
               ╭─[--set trainin.l2=1:1:1]
             1 │ trainin.l2=1
               · ───┬───
               ·    ╰── no such key
               ╰────
              help: did you mean `training`? There are `name`, `seed`, `rounds`, `data`, `preprocessing`,
                    `model`, `pretraining`, `training`, `strategy`, `personalisation`, `sampler`, `adoption`,
                    `border`, `reimbursement`, `round`, `ring`, `secure_aggregation`, `privacy`, `baselines`,
                    `evaluation`, `release`, `simulation`, `adversaries`, `coordinator`, `output` and
                    `variants`

              `wardround explain WR0103` says more
        "#]],
    );
    refused(
        SMALL,
        &["training.epochs=0"],
        &expect![[r#"
        WR0201

          × `training.epochs` must be at least 1, not 0
           ╭─[--set training.epochs=0:1:17]
         1 │ training.epochs=0
           ·                 ┬
           ·                 ╰── here
           ╰────

          `wardround explain WR0201` says more
    "#]],
    );
}

#[test]
fn a_list_of_the_wrong_length_is_refused() {
    let text = SMALL.replace("[model.logistic]", "[model.cnn]\nkernels = [5, 3, 3]");
    refused(
        &text,
        &[],
        &expect![[r#"
        WR0105

          × `model.cnn.kernels` must be a list of 2
           ╭─[exp.toml:5:11]
         4 │ [model.cnn]
         5 │ kernels = [5, 3, 3]
           ·           ────┬────
           ·               ╰── this has 3
         6 │ [training]
           ╰────

          `wardround explain WR0105` says more
    "#]],
    );
}

#[test]
fn scaling_of_images_is_refused_with_a_remedy() {
    let text = SMALL.replace("emr-risk", "lung-nodule").replace(
        "[model.logistic]",
        "[preprocessing]\nscaling = \"federated\"\n[model.cnn]",
    );
    refused(
        &text,
        &[],
        &expect![[r#"
        WR0202

          × `preprocessing.scaling` is for tabular features; the rows here are images
           ╭─[exp.toml:5:11]
         4 │ [preprocessing]
         5 │ scaling = "federated"
           ·           ─────┬─────
           ·                ╰── here
         6 │ [model.cnn]
           ╰────
          help: images are scaled by their scanner already: set preprocessing.scaling = "none"

          `wardround explain WR0202` says more
    "#]],
    );
}

#[test]
fn escape_sequences_do_not_reach_the_screen() {
    let failure = parse("rounds = 5\u{1b}[31m\u{9b}\n", &[])
        .map(|_| ())
        .unwrap_err();
    let text = failure.render(100, false);
    assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text}");
}
