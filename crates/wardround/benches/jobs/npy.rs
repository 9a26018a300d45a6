//! Reads the `.npy` files that a job's exporter writes: little-endian, C order.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// An array: its shape and its bytes.
pub(crate) struct Npy {
    pub(crate) shape: Vec<usize>,
    kind: String,
    bytes: Vec<u8>,
}

impl Npy {
    /// Reads `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&file).with_context(|| format!("{} is not a usable .npy file", path.display()))
    }

    fn parse(file: &[u8]) -> Result<Self> {
        ensure!(
            file.len() > 12 && file.starts_with(b"\x93NUMPY"),
            "no NumPy header"
        );
        let (start, len) = match file[6] {
            1 => (10, usize::from(u16::from_le_bytes([file[8], file[9]]))),
            _ => (
                12,
                u32::from_le_bytes([file[8], file[9], file[10], file[11]]) as usize,
            ),
        };
        let header = file
            .get(start..start + len)
            .context("the header is cut off")?;
        let header = std::str::from_utf8(header)?;
        ensure!(
            header.contains("'fortran_order': False"),
            "columns first is not supported"
        );
        let after = |key: &str| header.split_once(key).map(|(_, rest)| rest);
        let kind = after("'descr': '")
            .and_then(|rest| rest.split('\'').next())
            .context("no type")?;
        let shape = after("'shape': (")
            .and_then(|rest| rest.split(')').next())
            .context("no shape")?;
        let shape = shape
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<usize>, _>>()?;
        Ok(Self {
            shape,
            kind: kind.to_owned(),
            bytes: file[start + len..].to_vec(),
        })
    }

    /// The values as `f32`.
    pub(crate) fn f32s(&self) -> Result<Vec<f32>> {
        ensure!(self.kind == "<f4", "expected <f4, found {}", self.kind);
        let (values, _) = self.bytes.as_chunks::<4>();
        Ok(values.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }

    /// The values as whole numbers.
    pub(crate) fn integers(&self) -> Result<Vec<u64>> {
        match self.kind.as_str() {
            "|u1" => Ok(self.bytes.iter().map(|&b| u64::from(b)).collect()),
            "<i8" | "<u8" => {
                let (values, _) = self.bytes.as_chunks::<8>();
                Ok(values.iter().map(|b| u64::from_le_bytes(*b)).collect())
            }
            other => bail!("expected whole numbers, found {other}"),
        }
    }
}
