//! The networks, with the weights of the data.

use anyhow::Result;
use dfdx::nn::modules;
use dfdx::prelude::*;
use protocol::Data;

type Built<M> = <M as BuildOnDevice<Cpu, f32>>::Built;
type Layer<const I: usize, const O: usize> = modules::Linear<I, O, f32, Cpu>;

pub(crate) type W1 = ((Linear<64, 64>, Tanh), (Linear<64, 64>, Tanh), (Linear<64, 64>, Tanh), Linear<64, 10>);
pub(crate) type W2 = (Repeated<(Linear<64, 64>, Sigmoid), 100>, Linear<64, 10>);
pub(crate) type W3 = ((Linear<784, 1024>, ReLU), (Linear<1024, 1024>, ReLU), Linear<1024, 10>);
pub(crate) type W4 = (Repeated<Residual<(Linear<128, 128>, BatchNorm1D<128>, ReLU)>, 50>, Linear<128, 10>);
pub(crate) type W6 =
    ((Linear<784, 800>, ReLU, DropoutOneIn<2>), (Linear<800, 800>, ReLU, DropoutOneIn<2>), Linear<800, 10>);

fn load<const I: usize, const O: usize>(layer: &mut Layer<I, O>, data: &Data, name: &str) -> Result<()> {
    layer.weight.copy_from(&data.get(&format!("{name}.weight"))?.values);
    layer.bias.copy_from(&data.get(&format!("{name}.bias"))?.values);
    Ok(())
}

pub(crate) fn w1(data: &Data) -> Result<Built<W1>> {
    let mut model = Cpu::default().build_module::<W1, f32>();
    load(&mut model.0.0, data, "fc0")?;
    load(&mut model.1.0, data, "fc1")?;
    load(&mut model.2.0, data, "fc2")?;
    load(&mut model.3, data, "fc3")?;
    Ok(model)
}

pub(crate) fn w2(data: &Data) -> Result<Built<W2>> {
    let mut model = Cpu::default().build_module::<W2, f32>();
    let hidden = &mut model.0.modules;
    hidden.iter_mut().enumerate().try_for_each(|(k, layer)| load(&mut layer.0, data, &format!("fc{k}")))?;
    load(&mut model.1, data, "fc100")?;
    Ok(model)
}

pub(crate) fn w3(data: &Data) -> Result<Built<W3>> {
    let mut model = Cpu::default().build_module::<W3, f32>();
    load(&mut model.0.0, data, "fc0")?;
    load(&mut model.1.0, data, "fc1")?;
    load(&mut model.2, data, "fc2")?;
    Ok(model)
}

pub(crate) fn w4(data: &Data) -> Result<Built<W4>> {
    let mut model = Cpu::default().build_module::<W4, f32>();
    for (k, block) in model.0.modules.iter_mut().enumerate() {
        // Its normalization starts as that of the data, as the identity.
        load(&mut block.0.0, data, &format!("fc{k}"))?;
    }
    load(&mut model.1, data, "readout")?;
    Ok(model)
}

pub(crate) fn w6(data: &Data) -> Result<Built<W6>> {
    let mut model = Cpu::default().build_module::<W6, f32>();
    load(&mut model.0.0, data, "fc0")?;
    load(&mut model.1.0, data, "fc1")?;
    load(&mut model.2, data, "fc2")?;
    Ok(model)
}
