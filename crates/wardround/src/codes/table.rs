//! The table of all codes, in the order of their numbers.

use super::{Code, CodeInfo};

macro_rules! codes {
    ($($id:literal $exit:literal $code:ident $title:literal: $explanation:literal => $remedy:literal)*) => {
        /// Every code there is, by number.
        pub static CODES: [CodeInfo; [$($exit),*].len()] = [$(CodeInfo {
            code: Code::$code,
            id: $id,
            exit: $exit,
            title: $title,
            explanation: $explanation,
            remedy: $remedy,
        }),*];
    };
}

codes! {
    "WR0001" 2 UnknownName "no such name":
    "A word on the command line should name an error code, a hospital or the like, and nothing is \
     called that."
    => "Look at the list that the message gives, or ask the verb for help with --help."

    "WR0002" 2 BadArgument "argument cannot be used":
    "An argument has a value that makes no sense, is missing beside the others, or says nothing \
     beside them."
    => "Change the argument that the message names, or ask the verb for help with --help."

    "WR0101" 3 FileUnreadable "file cannot be read":
    "A configuration file is not there, may not be read, is a folder, or is larger than 16 MiB. A \
     file named by `extends` is looked for beside the file that names it."
    => "Check the path. The message lists the .toml files that are in the folder."

    "WR0102" 3 NotToml "file is not TOML":
    "The text breaks a rule of TOML, so nothing in it can be read: a quote or bracket that is not \
     closed, text without quotes, a key that is there twice, or bytes that are not UTF-8."
    => "Correct the place that is underlined. https://toml.io shows the rules on one page."

    "WR0103" 3 UnknownKey "unknown key":
    "A table holds a key that Wardround does not know. Unknown keys are refused, because a \
     misspelt one would otherwise leave its setting at the default without anybody noticing."
    => "Use the suggested name or take the key out. `wardround schema` prints all keys."

    "WR0104" 3 UnknownChoice "unknown choice":
    "A setting that is one of a few words, or a table whose name chooses a variant such as \
     [strategy.fedavg], names one that does not exist."
    => "Use one of the words in the message. `wardround strategies`, `wardround samplers` and \
        `wardround scenarios` describe some of them."

    "WR0105" 3 WrongType "value of the wrong kind":
    "A value is of another kind than its key needs: text for a number, a fraction for a whole \
     number, a negative number for a count, a number for a table."
    => "Write the kind of value that the message names. On the command line, quotes belong to the \
        value: --set 'name=\"7\"' is text, --set name=7 a number."

    "WR0106" 3 MissingKey "missing key":
    "A table lacks a key that has no default."
    => "Add the key. `wardround schema` prints all keys with their meaning."

    "WR0107" 3 Extends "files extend each other in a circle":
    "`extends` names a file to start from. The files named form a circle, or a chain of more than \
     eight, so there is none to start from."
    => "Take `extends` out of one of the files in the message."

    "WR0108" 3 NotFinite "number is not finite":
    "TOML can write `nan` and `inf`; no setting of Wardround can be either."
    => "Write an ordinary number, or leave the key out for its default."

    "WR0109" 3 BadOverride "--set cannot be understood":
    "`--set` takes a dotted path, an equals sign and a value: --set training.batch_size=64. The \
     value is read as TOML, and as text where it is not TOML."
    => "Write --set path=value. Quote the whole for the shell where it has spaces or braces: \
        --set 'strategy={fedprox={mu=0.1}}'."

    "WR0110" 3 OneChoice "a choice needs exactly one table":
    "Some tables choose a variant by the name of their only sub-table: [strategy.fedprox] chooses \
     FedProx. None or several were given, or a word stands where the sub-table should be."
    => "Keep exactly one. To change it on the command line, replace it: \
        --set 'strategy={fedavg={}}'."

    "WR0201" 3 OutOfRange "value out of range":
    "A value is of the right kind, but no run could use it: a negative learning rate, a quorum \
     above 1, no rounds."
    => "Choose a value in the range that the message gives."

    "WR0202" 3 Combination "settings do not go together":
    "Each of the settings could be used, but not with one another."
    => "Change one of the settings that the message names."

    "WR0203" 3 ModelMisfit "model does not fit the data":
    "The model cannot read rows of this shape: a convolutional network needs images, and large \
     enough ones; layers have 1 to 65,536 units."
    => "Choose another model, or other sizes. `wardround scenarios` shows what each data source \
        gives."

    "WR0204" 3 Headroom "sums of updates could wrap":
    "Updates are added as whole numbers modulo 2^64, so that the order of arrival cannot matter. \
     The largest possible sum, weight x range x 2^fraction_bits over the largest cohort, must stay \
     below 2^63, and here it would not."
    => "Lower round.most_weight or ring.range, choose fewer ring.fraction_bits, or leave those to \
        be chosen."

    "WR0205" 3 BadName "name cannot be used":
    "Names of experiments and hospitals become names of folders and groups of results. They may \
     not be empty, contain a slash or a control character, or be the word `all` for a hospital."
    => "Choose another name, in the file or in the hospitals' data."

    "WR0206" 3 OneOfTwo "exactly one of several keys is needed":
    "Several keys say the same thing in different ways: `epochs` or `steps`; `count` or `fraction`; \
     who misbehaves by `count`, `share` or `hospitals`. More than one was given, or none."
    => "Give exactly one of them."

    "WR0207" 3 TooFewHospitals "more hospitals asked for than there are":
    "The sampler or the quorum needs more hospitals in a round than are enrolled, so no round \
     could ever close."
    => "Ask for fewer hospitals, or use a larger population."

    "WR0208" 3 PooledRealRows "pooling real rows needs leave":
    "The pooled baseline trains on all hospitals' rows in one place. That is harmless for rows \
     made by a formula; these are not."
    => "Set baselines.pooled = false. Where all rows are yours to see in one place, set \
        baselines.pooled_real_data = true instead."

    "WR0209" 3 Visibility "aggregator cannot see what it needs":
    "Some aggregators work on the sum of all updates, others must look at each update. Where \
     single updates are hidden in one sum, only the first kind can work; the second can look at the \
     means of groups, which the first has no need to be shown."
    => "Choose a strategy that `wardround strategies` lists with visibility `sum-only`, or do not \
        hide the updates, or hide them in groups: secure_aggregation.groups."

    "WR0210" 3 BadAddress "address cannot be used":
    "An address to listen on is an IP address and a port, such as 127.0.0.1:7443; one to connect \
     to is a URL, such as http://127.0.0.1:7443. Without TLS only this host may be named."
    => "Correct the address, in the file or in the environment variable that overrides it."

    "WR0211" 3 DataSettings "settings of the data cannot be used":
    "The table below [data] asks for rows that cannot be made or read."
    => "Do what the message says. `wardround scenarios` describes each source of data."

    "WR0212" 3 TooManyProcesses "too many hospitals for one host":
    "`wardround up` starts a process for each hospital, and this experiment has more than one host \
     should be asked for."
    => "Play it in one process with `wardround run`, or start coordinator and hospitals on several \
        hosts."

    "WR0213" 3 SimulationOnly "only a simulation may have this":
    "[adversaries] makes hospitals misbehave, to see what that does. It is played in one process, on \
     rows that this process sees; no coordinator and no hospital that talks to others has it."
    => "Play the experiment with `wardround run`, or take [adversaries] out."

    "WR0214" 3 Unmet "the rule cannot bear so many bad updates":
    "A robust rule keeps its promise only where the bad updates are few among all: a median needs \
     n > 2f, Krum n >= 2f + 3, Bulyan n >= 4f + 3, where n is the number of reports that a round \
     aims at and f how many may be bad. Minimum-diameter averaging looks at all subsets, and so \
     needs n and f to be small."
    => "Lower f, have more hospitals report, or choose a rule that needs fewer. `wardround \
        strategies` lists what each of them bears."

    "WR0215" 3 Condition "condition on hospitals cannot be used":
    "`where` is a condition on hospitals' tags, such as tier == 'township' && name != 'north'. It \
     compares with `==`, `!=` and `in ['a', 'b']`, joins with `&&` and `||`, negates with `!` and \
     groups with parentheses. This one cannot be read, or names a tag or a value that no hospital \
     has."
    => "Correct it at the column that the message names. Every hospital has the tags `name` and \
        `tier`; files of your own can give others, with `tags`."

    "WR0216" 3 BadRoster "keys or a roster that cannot be used":
    "In masked rounds each hospital signs with a key of its own, and all of them believe one list of \
     public keys, signed by the federation. A key or the list is not there, is damaged, or does not \
     fit the other."
    => "`wardround roster EXP.toml DIR` makes a roster and the keys that fit it. Give each hospital its \
        own key, the roster, and on another way the root's public key."

    "WR0217" 3 BadLedger "privacy ledger cannot be gone on with":
    "A hospital writes down what every release costs in privacy, in `NAME.privacy.jsonl` in its \
     `state_dir`. The file is in use by another process, was changed by hand, or cannot be written."
    => "Stop the other process, or put the file back as it was. Do not delete it: what it says was \
        spent is spent."

    "WR0301" 4 DataFile "data file cannot be used":
    "A file of rows is not there, cannot be read, or does not have the columns that the \
     configuration names."
    => "Check the path, which is relative to the configuration file's folder, and the columns."

    "WR0302" 4 DataCell "cell of a data file cannot be used":
    "A line has too many or too few cells, or a cell holds something else than its column needs, \
     such as text in a column of numbers. Nothing is guessed or skipped in silence."
    => "Correct the line that the message names, declare the text as one that means `missing`, or \
        declare the column as a category."

    "WR0303" 4 Federation "hospitals cannot be used together":
    "The files can be read, but the hospitals in them make no federation: none at all, one without \
     training rows, or two of the same name."
    => "Do what the message says."

    "WR0304" 4 NoSuchHospital "hospital is not enrolled":
    "A hospital's configuration gives a name that the experiment does not enrol."
    => "Use one of the names in the message; they are the experiment's."

    "WR0401" 5 CannotBind "cannot listen on the address":
    "The coordinator cannot open its port: another process has it, it needs rights that this \
     process lacks, or the address is not this host's."
    => "Choose another port with coordinator.listen or WARDROUND_LISTEN; port 0 takes any free one."

    "WR0402" 5 CannotConnect "coordinator cannot be reached":
    "No connection could be made, also after waiting and trying again: the coordinator does not \
     run, the address is wrong, or a firewall is between."
    => "Check that the coordinator runs and that the address is the one it printed when it started."

    "WR0403" 5 Refused "coordinator refuses this hospital":
    "The coordinator was reached and says no: the join token is wrong, the name is not enrolled or \
     is already in use, or the model differs."
    => "Compare name, token and experiment file with the coordinator's. The token may come from \
        WARDROUND_TOKEN."

    "WR0404" 5 ProtocolVersion "the two sides speak different versions":
    "Coordinator and hospital were built from versions of Wardround whose messages differ."
    => "Install the same version on both sides."

    "WR0501" 6 QuorumLost "quorum lost":
    "Too many rounds in a row ended without enough reports by their deadline, so the run gave up. \
     Its state is saved."
    => "See in the report who was silent. Then go on with --resume, or allow more with \
        round.deadline_s, round.quorum or round.most_abandoned."

    "WR0502" 1 NotARun "folder is not a run":
    "A run's folder holds config.resolved.toml, manifest.json and events.jsonl. This folder is not \
     there, holds none of them, or one that cannot be read."
    => "Give the folder that the run printed at its end; `wardround runs ls` lists all."

    "WR0503" 1 NothingToResume "nothing to resume":
    "A run can go on from its last checkpoint. This run has none, or it has played all its rounds."
    => "Start it anew with `wardround run` and its config.resolved.toml."

    "WR0504" 1 CannotWrite "file cannot be written":
    "A result could not be saved: the folder may not be written to, or the disk is full."
    => "Make room or choose another folder with --out, then go on with --resume."

    "WR0505" 1 ProcessDied "a process of the federation ended by itself":
    "`wardround up` starts the coordinator and every hospital as processes, and one that the run \
     cannot do without ended before the run did."
    => "Read the end of its log, which the message names."

    "WR0506" 1 ReportFailed "report cannot be made":
    "The page could not be made from the run's files: the story of events is absent or damaged."
    => "Check the files that the message names. A run that is under way can be reported too."

    "WR0507" 1 TrainingFailed "training gave no model":
    "Local training failed where the run cannot do without it: the parameters ran away to infinity \
     or the rows could not be opened."
    => "Lower the learning rate where training diverged; otherwise do what the message says."

    "WR0508" 1 BrokenClaim "an aggregation rule does not keep what it claims":
    "`wardround strategies check` tried what the rule claims on drawn rounds, and one of them shows \
     that a claim is false. The card says which round."
    => "Mend the rule, or claim less in its `claims`."

    "WR0509" 1 ReleaseRefused "the model does not pass its release gate":
    "The run is over and everything is saved. [release] says what the model must show, it does not, \
     and `release.require` or --require-release makes a failure of that."
    => "The examination `release` says which conditions are not met, with their intervals. Without \
        --require-release the command ends with 0."

    "WR0510" 1 NotReplayed "the run does not play again as its card says":
    "A model card holds the configuration of a run and digests of it and of the model. Either the card \
     was changed, or playing the run again did not end with the same model."
    => "Take the card from the run's folder again. Rows in files may have changed since; a deployment \
        that lost hospitals, or drew noise from the system, cannot be played again."

    "WR0599" 1 Internal "fault of the program":
    "Something happened that the program rules out. This is not your mistake."
    => "Please report it with the message and the run's folder."
}
