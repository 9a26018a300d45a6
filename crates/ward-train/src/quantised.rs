//! A model in fewer bytes, for devices at the edge.

use half::f16;
use ward_core::{Layout, Params};

/// How a model's numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Four bytes each, as trained.
    F32,
    /// Two bytes each: IEEE 754 half precision.
    F16,
    /// One byte each, −127 to 127, and four for the step of each tensor: its largest magnitude over
    /// 127 (symmetric, per tensor; Jacob et al. 2018, arXiv:1712.05877).
    Int8,
}

impl Precision {
    /// All of them, the finest first.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Int8];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }

    /// Bytes that the numbers of a model of this layout take.
    #[must_use]
    pub fn bytes(self, layout: &Layout) -> u64 {
        let numbers = layout.len() as u64;
        match self {
            Self::F32 => 4 * numbers,
            Self::F16 => 2 * numbers,
            Self::Int8 => numbers + 4 * layout.tensors.len() as u64,
        }
    }

    /// The numbers that a device computes with which has `params` stored so: each rounded to the nearest
    /// that can be stored. What is too large for half precision becomes the largest that is not.
    #[must_use]
    pub fn stored(self, params: &Params, layout: &Layout) -> Params {
        let mut numbers = params.0.clone();
        match self {
            Self::F32 => {}
            Self::F16 => {
                let largest = f16::MAX.to_f32();
                for number in &mut numbers {
                    *number = f16::from_f32(number.clamp(-largest, largest)).to_f32();
                }
            }
            Self::Int8 => {
                let mut start = 0;
                for tensor in &layout.tensors {
                    let end = (start + tensor.count()).min(numbers.len());
                    in_steps(&mut numbers[start..end]);
                    start = end;
                }
            }
        }
        Params(numbers)
    }
}

/// Rounds to whole steps of a 127th of the largest magnitude.
fn in_steps(tensor: &mut [f32]) {
    let largest = tensor.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let step = largest / 127.0;
    if step > 0.0 {
        for number in tensor {
            *number = (*number / step).round().clamp(-127.0, 127.0) * step;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ward_core::TensorSpec;

    fn layout(shapes: &[&[usize]]) -> Layout {
        let tensor = |(index, shape): (usize, &&[usize])| TensorSpec {
            name: format!("t{index}"),
            shape: shape.to_vec(),
        };
        Layout {
            tensors: shapes.iter().enumerate().map(tensor).collect(),
        }
    }

    #[test]
    fn each_tensor_has_steps_of_its_own() {
        let layout = layout(&[&[2], &[3]]);
        let params = Params(vec![127.0, 0.6, -1.27, 0.004, 0.016]);
        let got = Precision::Int8.stored(&params, &layout);
        // Steps 1 and .01: .6 is 1 step, .004 none, .016 two.
        let expected = [127.0, 1.0, -1.27, 0.0, 0.02];
        for (got, expected) in got.0.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
        let sizes = Precision::ALL.map(|precision| precision.bytes(&layout));
        assert_eq!(sizes, [20, 10, 13]);
    }

    #[test]
    fn half_precision_has_eleven_bits() {
        let layout = layout(&[&[4]]);
        // 2049 lies between 2048 and 2050 and goes to the even one; 2^-25 is half the least there is.
        let params = Params(vec![2049.0, 1e6, 0.5, 2.0_f32.powi(-26)]);
        let got = Precision::F16.stored(&params, &layout);
        assert_eq!(got.0, [2048.0, 65_504.0, 0.5, 0.0]);
        assert_eq!(Precision::F32.stored(&params, &layout), params);
        let none = Params(vec![0.0; 4]);
        assert_eq!(Precision::Int8.stored(&none, &layout), none);
    }

    proptest! {
        #[test]
        fn no_number_moves_further_than_half_a_step(
            numbers in prop::collection::vec(-100.0_f32..100.0, 1..40),
        ) {
            let (layout, params) = (layout(&[&[numbers.len()]]), Params(numbers));
            let largest = params.0.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            for precision in [Precision::F16, Precision::Int8] {
                let most = |was: f32| match precision {
                    Precision::F16 => was.abs() / 2048.0 + 3e-8,
                    _ => largest / 254.0 * 1.001,
                };
                let got = precision.stored(&params, &layout);
                let again = precision.stored(&got, &layout);
                for ((got, was), again) in got.0.iter().zip(&params.0).zip(&again.0) {
                    prop_assert!((got - was).abs() <= most(*was), "{} {}", got, was);
                    prop_assert!((got - again).abs() <= 1e-6 * largest, "{} {}", got, again);
                }
            }
        }
    }
}
