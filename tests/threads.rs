//! The workloads of a training step have the same bits on any number of threads, and a replay has those of the tape.

use autodiff::{Mode, Params, Program, Shards, Tape, Tensor, Var, input};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Dropout, Gelu, Linear, Module, Relu, ResNet, ResNetSettings, Residual, Sigmoid, Tanh};
use optim::Sgd;
use rayon::ThreadPoolBuilder;

type Model = Box<dyn Module<f32> + Send + Sync>;

/// A workload: its name, the shape of a batch, and its model.
type Workload = (&'static str, &'static [usize], fn(&mut Params<f32>) -> Model);

const WORKLOADS: [Workload; 6] = [
    ("three tanh layers", &[32, 64], |params| Box::new((dense(params, 3, 64, Tanh), readout(params, 64)))),
    ("100 sigmoid layers", &[64, 64], |params| Box::new((dense(params, 100, 64, Sigmoid), readout(params, 64)))),
    ("wide layers", &[256, 784], |params| {
        Box::new((
            Linear::new(params.scope("first"), 784, 1024),
            Gelu,
            dense(params, 1, 1024, Relu),
            readout(params, 1024),
        ))
    }),
    ("residual batch normalization", &[300, 128], |params| {
        let mut block = |k: usize| {
            let linear = Linear::new(params.scope(&format!("fc{k}")), 128, 128);
            Residual::new((linear, BatchNorm::new(params.scope(&format!("bn{k}")), 128), Relu))
        };
        let blocks: Vec<_> = (0..10).map(&mut block).collect();
        Box::new((blocks, readout(params, 128)))
    }),
    ("ResNet-20", &[32, 3, 32, 32], |params| {
        let settings = ResNetSettings::small(3, 10, vec![(16, 3), (32, 3), (64, 3)]);
        Box::new(ResNet::new(params.scope("resnet"), &settings))
    }),
    ("dropout", &[128, 784], |params| {
        let first = Linear::new(params.scope("first"), 784, 800);
        Box::new((Dropout::new(0.2), first, Relu, Dropout::new(0.5), readout(params, 800)))
    }),
];

/// Layers of equal width.
fn dense<A>(params: &mut Params<f32>, depth: usize, width: usize, activation: A) -> Vec<(Linear, A)>
where
    A: Module<f32> + Copy,
{
    let layer = |k| (Linear::new(params.scope(&format!("fc{k}")), width, width), activation);
    (0..depth).map(layer).collect()
}

fn readout(params: &mut Params<f32>, width: usize) -> Linear {
    Linear::new(params.scope("readout"), width, 10)
}

/// How a step is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Tape,
    Program,
    Shards,
}

fn loss<'t>(model: &Model, images: Var<'t, f32>, labels: Var<'t, f32>) -> Var<'t, f32> {
    cross_entropy(model.forward(images), labels)
}

/// The bits of the parameters and states after two steps.
fn trained((_, shape, build): Workload, by: By) -> Vec<u32> {
    let mut params = Params::<f32>::new(0);
    let model = build(&mut params);
    let images = Tensor::from_fn(shape, |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let labels = Tensor::from_fn([shape[0]], |k| (k % 10) as f32);
    let inputs = || [input("images", shape), input("labels", [shape[0]])];
    let (mut tape, mut sgd) = (Tape::new(), Sgd::new(0.01).momentum(0.9));
    let mut grads = params.gradients();
    let mut program = Program::record(&params, Mode::Train, inputs(), |_, [x, y]| [loss(&model, x, y)]).unwrap();
    let mut shards = Shards::record(&params, Mode::Train, 3, inputs(), |_, [x, y]| loss(&model, x, y)).unwrap();
    for _ in 0..2 {
        match by {
            By::Tape => {
                let t = tape.start(&params, Mode::Train);
                loss(&model, t.input(&images), t.input(&labels)).backward(&mut grads).unwrap();
            }
            By::Program => program.forward(&params, [&images, &labels]).unwrap().backward(&mut grads).unwrap(),
            By::Shards => {
                shards.backward(&params, [&images, &labels], &mut grads).unwrap();
            }
        }
        sgd.step(&mut params, &grads).unwrap();
    }
    let states = params.states().flat_map(|(_, _, values)| values.to_vec());
    params.flat().iter().copied().chain(states).map(f32::to_bits).collect()
}

#[test]
fn every_workload_has_the_same_bits_on_one_to_four_threads() {
    let pools = [1, 2, 3, 4].map(|threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
    for workload in WORKLOADS {
        let on_one = pools[0].install(|| trained(workload, By::Tape));
        for (pool, by) in pools.iter().flat_map(|pool| [By::Tape, By::Program].map(|by| (pool, by))) {
            let same = pool.install(|| trained(workload, by)) == on_one;
            assert!(same, "{}, {by:?}, {} threads", workload.0, pool.current_num_threads());
        }
        let sharded = pools[0].install(|| trained(workload, By::Shards));
        for pool in &pools {
            let same = pool.install(|| trained(workload, By::Shards)) == sharded;
            assert!(same, "{}, sharded, {} threads", workload.0, pool.current_num_threads());
        }
    }
}
