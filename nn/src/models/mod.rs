//! Whole networks from the literature.

mod resnet;

pub use resnet::{ResNet, ResNetSettings};
