//! `wardround strategies`: each strategy, each thing that may come before a robust rule and each
//! personalisation, with its use, settings, defaults and paper; `check` tries what a strategy claims.

mod check;

use std::process::ExitCode;

use serde::Serialize;
use ward_round::Visibility;

use super::output::{as_written, print, print_json};
use crate::cli::{Format, StrategiesArgs, StrategiesVerb};
use crate::failure::Failure;
use crate::personalisation::PersonalisationConfig;
use crate::strategies::{BeforeConfig, StrategyConfig};

/// One entry of the list.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Info {
    /// How updates become a model.
    Strategy(StrategyInfo),
    /// What may be done to updates before a robust rule.
    Before(BeforeInfo),
    /// How each hospital comes to a model of its own.
    Personalisation(PersonalisationInfo),
}

/// One strategy as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct StrategyInfo {
    /// The word for it in a config: `[strategy.ID]`.
    pub id: String,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// Its settings with their defaults.
    pub defaults: serde_json::Value,
    /// Where it is published.
    pub paper: &'static str,
    /// What the coordinator must see: the sum of the updates, or each of them.
    pub visibility: Visibility,
    /// How many bad updates f it bears among n.
    pub bears: &'static str,
}

/// One thing that may come before a rule, as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct BeforeInfo {
    /// The word for it in a config, in the `before` of a robust strategy.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// What its number is, and its range; `none` where it has none.
    pub settings: &'static str,
    /// How it is written: an item of `before`.
    pub example: BeforeConfig,
    /// Where it is published.
    pub paper: &'static str,
}

/// One personalisation as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct PersonalisationInfo {
    /// The word for it in a config: `[personalisation.ID]`.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// Its settings with their defaults.
    pub defaults: serde_json::Value,
    /// What stays in the hospital.
    pub keeps: &'static str,
    /// What leaves it.
    pub leaves: &'static str,
    /// Where it is published.
    pub paper: &'static str,
}

/// Every strategy, then what may come before a rule, then every personalisation, in the order of
/// their lists.
#[must_use]
pub fn strategies() -> Vec<Info> {
    let strategies = StrategyConfig::defaults().into_iter().map(|strategy| {
        let about = strategy.about();
        Info::Strategy(StrategyInfo {
            id: strategy.id().to_owned(),
            r#use: about.r#use,
            defaults: as_written(&strategy)[strategy.id()].clone(),
            paper: about.paper,
            visibility: strategy.visibility(),
            bears: about.bears,
        })
    });
    let befores = BeforeConfig::EXAMPLES.into_iter().map(|example| {
        let about = example.about();
        Info::Before(BeforeInfo {
            id: about.id,
            r#use: about.r#use,
            settings: about.settings,
            example,
            paper: about.paper,
        })
    });
    let personalisations = PersonalisationConfig::defaults().into_iter().map(|own| {
        let about = own.about();
        Info::Personalisation(PersonalisationInfo {
            id: about.id,
            r#use: about.r#use,
            defaults: as_written(&own)[about.id].clone(),
            keeps: about.keeps,
            leaves: about.leaves,
            paper: about.paper,
        })
    });
    strategies.chain(befores).chain(personalisations).collect()
}

/// Prints the list, or checks one.
///
/// # Errors
/// When it cannot be written, or what is claimed does not hold.
pub fn execute(args: &StrategiesArgs) -> Result<ExitCode, Failure> {
    if let Some(StrategiesVerb::Check { name, format }) = &args.verb {
        return check::execute(name, *format);
    }
    let strategies = strategies();
    match args.list.format {
        Format::Json => print_json(&strategies)?,
        Format::Text => print(&text(&strategies))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(list: &[Info]) -> String {
    let mut text = String::new();
    for info in list {
        text.push_str(&match info {
            Info::Strategy(info) => strategy(info),
            Info::Before(info) => before(info),
            Info::Personalisation(info) => personalisation(info),
        });
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn strategy(info: &StrategyInfo) -> String {
    let sees = match info.visibility {
        Visibility::SumOnly => "the sum of the updates",
        Visibility::EachUpdate => "each update",
    };
    format!(
        "[strategy.{}]\n  {}\n  settings  {}\n  sees      {sees}\n  bears     {}\n  paper     {}\n\n",
        info.id,
        info.r#use,
        settings(&info.defaults),
        info.bears,
        info.paper
    )
}

fn before(info: &BeforeInfo) -> String {
    let item = match as_written(&info.example) {
        serde_json::Value::Object(number) => format!("{{ {} }}", settings(&number.into())),
        word => word.to_string(),
    };
    format!(
        "before = [{item}]\n  {}\n  settings  {}\n  paper     {}\n\n",
        info.r#use, info.settings, info.paper
    )
}

fn personalisation(info: &PersonalisationInfo) -> String {
    format!(
        "[personalisation.{}]\n  {}\n  settings  {}\n  keeps     {}\n  leaves    {}\n  paper     {}\n\n",
        info.id,
        info.r#use,
        settings(&info.defaults),
        info.keeps,
        info.leaves,
        info.paper
    )
}

fn settings(defaults: &serde_json::Value) -> String {
    let settings = defaults.as_object().into_iter().flatten();
    let settings: Vec<String> = settings
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    if settings.is_empty() {
        "none".to_owned()
    } else {
        settings.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_shows_the_defaults_that_the_file_has() {
        let listed = serde_json::to_value(strategies()).unwrap();
        let ids = |kind: &str| -> Vec<&str> {
            let all = listed.as_array().unwrap().iter();
            let of_kind = all.filter(|info| info["kind"] == kind);
            of_kind.map(|info| info["id"].as_str().unwrap()).collect()
        };
        let own = [
            "fine-tuning",
            "fedper",
            "fedrep",
            "fedbn",
            "private-intercept",
            "ditto",
            "apfl",
        ];
        assert_eq!(ids("personalisation"), own);
        for id in own {
            let experiment = format!("personalisation.{id} = {{}}");
            let table: std::collections::BTreeMap<String, PersonalisationConfig> =
                toml::from_str(&experiment).unwrap();
            assert_eq!(table["personalisation"].id(), id);
            assert!(PersonalisationConfig::defaults().contains(&table["personalisation"]));
        }
        assert_eq!(ids("before"), ["nnm", "arc", "bucketing", "clipping"]);
        for info in listed.as_array().unwrap() {
            if info["kind"] == "before" {
                let id = info["id"].as_str().unwrap();
                let example: BeforeConfig =
                    serde_json::from_value(info["example"].clone()).unwrap();
                assert_eq!(example.about().id, id);
                assert_eq!(info["example"] == id, info["settings"] == "none");
                assert!(info["example"] == id || info["example"][id].is_number());
            }
        }
        let ids = ids("strategy");
        assert_eq!(
            ids,
            [
                "fedavg",
                "fedavgm",
                "fedprox",
                "feddyn",
                "scaffold",
                "fednova",
                "fedexp",
                "qfedavg",
                "fedadam",
                "fedadamw",
                "fedyogi",
                "fedadagrad",
                "fedlamb",
                "fedlars",
                "robust",
                "median",
                "trimmed-mean",
                "meamed",
                "krum",
                "multi-krum",
                "bulyan",
                "geometric-median",
                "centred-clipping",
                "mda",
                "caf",
                "norm-bounding",
                "fltrust",
                "sign-majority",
            ]
        );
        for id in ids {
            let experiment = format!("strategy.{id} = {{}}");
            let table: std::collections::BTreeMap<String, StrategyConfig> =
                toml::from_str(&experiment).unwrap();
            assert_eq!(table["strategy"].id(), id);
            assert!(StrategyConfig::defaults().contains(&table["strategy"]));
        }
        assert_eq!(listed[4]["visibility"], "sum-only");
        assert_eq!(listed[14]["visibility"], "each-update");
        assert_eq!(listed[20]["bears"], "f where n >= 4f + 3");
    }

    #[test]
    fn the_text_reads() {
        expect_test::expect![[r#"
            [strategy.fedavg]
              the weighted mean of the updates; the one to start with
              settings  none
              sees      the sum of the updates
              bears     none
              paper     McMahan et al. 2017, Communication-Efficient Learning of Deep Networks from Decentralized Data, arXiv:1602.05629

            [strategy.fedavgm]
              the mean with server momentum; steadier where hospitals' labels differ
              settings  learning_rate = 1.0, momentum = 0.9
              sees      the sum of the updates
              bears     none
              paper     Hsu et al. 2019, Measuring the Effects of Non-Identical Data Distribution, arXiv:1909.06335

            [strategy.fedprox]
              holds local training near the round's model; for much or uneven local work
              settings  mu = 0.01
              sees      the sum of the updates
              bears     none
              paper     Li et al. 2020, Federated Optimization in Heterogeneous Networks, arXiv:1812.06127

            [strategy.feddyn]
              each hospital learns what pulls it away and corrects for it; it remembers that between rounds
              settings  alpha = 0.01
              sees      the sum of the updates
              bears     none
              paper     Acar et al. 2021, Federated Learning Based on Dynamic Regularization, arXiv:2111.04263

            [strategy.scaffold]
              control variates take out what pulls each hospital away; twice the traffic, and hospitals remember theirs between rounds
              settings  learning_rate = 1.0
              sees      the sum of the updates
              bears     none
              paper     Karimireddy et al. 2020, SCAFFOLD: Stochastic Controlled Averaging for Federated Learning, arXiv:1910.06378

            [strategy.fednova]
              divides each update by its steps, so that a hospital with more rows does not pull further; for epochs over uneven hospitals
              settings  learning_rate = 1.0
              sees      the sum of the updates
              bears     none
              paper     Wang et al. 2020, Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization, arXiv:2007.07481

            [strategy.fedexp]
              steps further than the mean where updates disagree; no server rate to tune
              settings  epsilon = 0.001
              sees      the sum of the updates
              bears     none
              paper     Jhunjhunwala, Wang and Joshi 2023, FedExP: Speeding Up Federated Averaging via Extrapolation, arXiv:2301.09604

            [strategy.qfedavg]
              hospitals that the model serves badly count more; for fairness at some cost to the mean
              settings  q = 0.1
              sees      the sum of the updates
              bears     none
              paper     Li et al. 2020, Fair Resource Allocation in Federated Learning, arXiv:1905.10497

            [strategy.fedadam]
              Adam on the mean update; for sparse or badly scaled gradients
              settings  adaptivity = 0.001, beta1 = 0.9, beta2 = 0.99, learning_rate = 0.1
              sees      the sum of the updates
              bears     none
              paper     Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295

            [strategy.fedadamw]
              as FedAdam, with each parameter pulled towards 0 by the server
              settings  adaptivity = 0.001, beta1 = 0.9, beta2 = 0.99, learning_rate = 0.1, weight_decay = 0.01
              sees      the sum of the updates
              bears     none
              paper     Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, arXiv:1711.05101

            [strategy.fedyogi]
              as FedAdam, its variance moving by bounded steps; calmer when updates vary
              settings  adaptivity = 0.001, beta1 = 0.9, beta2 = 0.99, learning_rate = 0.01
              sees      the sum of the updates
              bears     none
              paper     Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295

            [strategy.fedadagrad]
              Adagrad on the mean update; steps only shrink, so it forgives a large rate
              settings  adaptivity = 0.001, beta1 = 0.0, learning_rate = 0.1
              sees      the sum of the updates
              bears     none
              paper     Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295

            [strategy.fedlamb]
              Adam's direction, each tensor moved by a share of its own norm; for many layers of unlike scale
              settings  beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, learning_rate = 0.01, weight_decay = 0.00001
              sees      the sum of the updates
              bears     none
              paper     You et al. 2020, Large Batch Optimization for Deep Learning, arXiv:1904.00962

            [strategy.fedlars]
              the mean with momentum, each tensor moved by a share of its own norm
              settings  learning_rate = 0.01, momentum = 0.9, weight_decay = 0.00001
              sees      the sum of the updates
              bears     none
              paper     You, Gitman and Ginsburg 2017, Large Batch Training of Convolutional Networks, arXiv:1708.03888

            [strategy.robust]
              nearest-neighbour mixing and the trimmed mean, the median below 5 reports; the robust one to start with
              settings  norm_bound = 100.0
              sees      each update
              bears     f where n > 2f
              paper     Allouah et al. 2023, Fixing by Mixing, arXiv:2302.01772

            [strategy.median]
              the median of each coordinate; bears the most, for few hospitals that are alike
              settings  before = [], claimed_weights = false, norm_bound = 100.0
              sees      each update
              bears     f where n > 2f
              paper     Yin et al. 2018, Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates, arXiv:1803.01498

            [strategy.trimmed-mean]
              the mean without the f least and greatest of each coordinate
              settings  before = [], norm_bound = 100.0
              sees      each update
              bears     f where n > 2f
              paper     Yin et al. 2018, Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates, arXiv:1803.01498

            [strategy.meamed]
              the mean of the n - f values of each coordinate nearest its median
              settings  before = [], norm_bound = 100.0
              sees      each update
              bears     f where n > 2f
              paper     Xie, Koyejo and Gupta 2018, Generalized Byzantine-tolerant SGD, arXiv:1802.10116

            [strategy.krum]
              one hospital's update, that with the nearest neighbours; learns from one a round
              settings  before = [], norm_bound = 100.0
              sees      each update
              bears     f where n >= 2f + 3
              paper     Blanchard et al. 2017, Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent, arXiv:1703.02757

            [strategy.multi-krum]
              the mean of the updates that have the nearest neighbours
              settings  before = [], norm_bound = 100.0
              sees      each update
              bears     f where n >= 2f + 3
              paper     Blanchard et al. 2017, Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent, arXiv:1703.02757

            [strategy.bulyan]
              picks by Krum, then the mean around each coordinate's median; for large models
              settings  before = [], norm_bound = 100.0
              sees      each update
              bears     f where n >= 4f + 3
              paper     El Mhamdi, Guerraoui and Rouault 2018, The Hidden Vulnerability of Distributed Learning in Byzantium, arXiv:1802.07927

            [strategy.geometric-median]
              the point with the least sum of distances to the updates
              settings  before = [], claimed_weights = false, norm_bound = 100.0, smoothing = 1e-6, steps = 100
              sees      each update
              bears     f where n > 2f
              paper     Pillutla, Kakade and Harchaoui 2022, Robust Aggregation for Federated Learning, arXiv:1912.13445

            [strategy.centred-clipping]
              the last result, moved by each update as far as it may
              settings  before = [], norm_bound = 100.0, radius = 10.0, steps = 1
              sees      each update
              bears     f where n > 2f
              paper     Karimireddy, He and Jaggi 2021, Learning from History for Byzantine Robust Optimization, arXiv:2012.10333

            [strategy.mda]
              the mean of the narrowest n - f updates; exact, for few hospitals
              settings  before = [], norm_bound = 100.0
              sees      each update
              bears     f where n > 2f, in 100000 subsets at most
              paper     El Mhamdi et al. 2018, Genuinely Distributed Byzantine Machine Learning, arXiv:1905.03853

            [strategy.caf]
              filters along the direction in which updates vary most
              settings  before = [], norm_bound = 100.0
              sees      each update
              bears     f where n > 2f
              paper     Allouah, Guerraoui and Stephan 2025, Towards Trustworthy Federated Learning with Untrusted Participants, arXiv:2505.01874

            [strategy.norm-bounding]
              the mean of shortened updates: limits what one hospital can do, cheaply
              settings  before = [], claimed_weights = false, norm_bound = 100.0, radius = 1.0
              sees      each update
              bears     none; one moves the mean by radius / n at most
              paper     Sun et al. 2019, Can You Really Backdoor Federated Learning?, arXiv:1911.07963

            [strategy.fltrust]
              updates count as far as they agree with one that the coordinator trains on rows of its own
              settings  norm_bound = 100.0, root_rows = 100
              sees      each update
              bears     any number, as far as those rows are clean and like the hospitals'
              paper     Cao et al. 2021, FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping, arXiv:2012.13995

            [strategy.sign-majority]
              each parameter moves by one step, the way that most updates point
              settings  before = [], learning_rate = 0.01, norm_bound = 100.0
              sees      each update
              bears     f where n > 2f, of hospitals that agree
              paper     Bernstein et al. 2019, signSGD with Majority Vote is Communication Efficient and Fault Tolerant, arXiv:1810.05291

            before = ["nnm"]
              each update becomes the mean of the n - f nearest to it; for hospitals that differ honestly
              settings  none
              paper     Allouah et al. 2023, Fixing by Mixing, arXiv:2302.01772

            before = ["arc"]
              the longest updates are shortened to the next norm; no radius to tune
              settings  none
              paper     Allouah et al. 2025, Adaptive Gradient Clipping for Robust Federated Learning, arXiv:2405.14432

            before = [{ bucketing = 2 }]
              updates are averaged in random groups, of which up to f may be bad; for many hospitals that differ
              settings  updates in a group, at least 1
              paper     Karimireddy, He and Jaggi 2022, Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing, arXiv:2006.09365

            before = [{ clipping = 1.0 }]
              updates that are longer than a norm are shortened to it; where honest norms are known
              settings  Euclidean norm, above 0
              paper     none of its own; with a norm that adapts it is `arc`

            [personalisation.fine-tuning]
              each hospital trains the round's model a little further on its own rows before using it; the simplest, to be tried first
              settings  none
              keeps     nothing: the tuned model is made anew
              leaves    an update of the whole model, as without; its own scores
              paper     Yu, Bagdasaryan and Shmatikov 2020, Salvaging Federated Learning by Local Adaptation, arXiv:2002.04758

            [personalisation.fedper]
              a common body and a head of one's own; for hospitals that ask different things of the same signs
              settings  private = []
              keeps     the private tensors, by default the last layer
              leaves    an update of the shared tensors, zeros for the others; its own scores
              paper     Arivazhagan et al. 2019, Federated Learning with Personalization Layers, arXiv:1912.00818

            [personalisation.fedrep]
              as FedPer, the head trained first with the body at rest, then the body with the head at rest; 10 epochs of the head where nothing is said
              settings  private = []
              keeps     the private tensors, by default the last layer
              leaves    an update of the shared tensors, zeros for the others; its own scores
              paper     Collins et al. 2021, Exploiting Shared Representations for Personalized Federated Learning, arXiv:2102.07078

            [personalisation.fedbn]
              normalisation layers of one's own; for hospitals whose machines measure differently, and models that have such layers
              settings  private = ["*norm*"]
              keeps     the private tensors, by default those with `norm` in their names
              leaves    an update of the shared tensors, zeros for the others; its own scores
              paper     Li et al. 2021, FedBN: Federated Learning on Non-IID Features via Local Batch Normalization, arXiv:2102.07623

            [personalisation.private-intercept]
              one number of one's own for each class: for hospitals with very different shares of the sick
              settings  none
              keeps     the biases of the last layer
              leaves    an update of the shared tensors, zeros for the others; its own scores
              paper     the smallest head of Arivazhagan et al. 2019, Federated Learning with Personalization Layers, arXiv:1912.00818

            [personalisation.ditto]
              a second model of one's own, pulled towards the common one; twice the work
              settings  lambda = 1.0
              keeps     its own model
              leaves    an update of the whole model, as without; its own scores
              paper     Li et al. 2021, Ditto: Fair and Robust Federated Learning Through Personalization, arXiv:2012.04221

            [personalisation.apfl]
              a second model mixed with the common one, in a share that each hospital finds for itself; twice the work
              settings  adaptive = true, alpha = 0.5
              keeps     the second model and its share
              leaves    an update of the whole model, as without; its own scores
              paper     Deng, Kamani and Mahdavi 2020, Adaptive Personalized Federated Learning, arXiv:2003.13461
        "#]].assert_eq(&text(&strategies()));
    }
}
