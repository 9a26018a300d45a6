//! A model of one's own: any burn module, trained in a simulation or a deployment.
//!
//! `cargo run --release -p wardround --example own_model -- run configs/own-model.toml`
//!
//! The program is `wardround` with one model more: `plan`, `up`, `report` and all other commands are
//! there. Register a module, name it in the experiment (`[model.own] name = "residual"`), and burn
//! trains it; `training.device = "gpu"` trains it on a GPU where the program was built for one.

use std::process::ExitCode;

use ward_train::Classifier;
use ward_train::burn;

use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

/// A block that adds to its input instead of replacing it.
#[derive(Module, Debug)]
struct Residual {
    enter: Linear,
    norm: LayerNorm,
    inner: Linear,
    leave: Linear,
}

impl Residual {
    fn new(shape: &[usize], classes: usize, device: &Device) -> Self {
        const WIDTH: usize = 16;
        let inputs = shape.iter().product();
        Self {
            enter: LinearConfig::new(inputs, WIDTH).init(device),
            norm: LayerNormConfig::new(WIDTH).init(device),
            inner: LinearConfig::new(WIDTH, WIDTH).init(device),
            leave: LinearConfig::new(WIDTH, classes).init(device),
        }
    }
}

impl Classifier for Residual {
    fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let hidden = self.enter.forward(rows);
        let normed = self.norm.forward(hidden.clone());
        let hidden = hidden + activation::gelu(self.inner.forward(normed));
        self.leave.forward(hidden)
    }
}

fn main() -> ExitCode {
    ward_train::register("residual", Residual::new);
    wardround::cli::main()
}
