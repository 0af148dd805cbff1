//! Processes that divide the shards of a batch among them get the same bits, however many they are. Here they are threads.

use std::sync::{Arc, Barrier, Mutex};

use autodiff::{Error, Gradients, Mode, Params, ProcessGroup, Shards, Tensor, Var, input};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Dropout, Embedding, Linear, Module, Relu};
use optim::{Adam, Muon, Optimizer, ParamFilter, Rule, Sgd};

type Model = (Embedding, Dropout, (Linear, BatchNorm, Relu), Linear);

/// What a process has sent, and how much of it each process gets.
type Sent = (Vec<f64>, Vec<usize>);

/// A process.
struct Process {
    rank: usize,
    sent: Arc<(Barrier, Mutex<Vec<Sent>>)>,
}

impl Process {
    /// Runs `work` in this many processes; what they return, in the order of ranks.
    fn run<R: Send>(count: usize, work: impl Fn(&Process) -> R + Sync) -> Vec<R> {
        let sent = Arc::new((Barrier::new(count), Mutex::new(vec![Sent::default(); count])));
        std::thread::scope(|scope| {
            let start = |rank| {
                let (process, work) = (Process { rank, sent: sent.clone() }, &work);
                scope.spawn(move || work(&process))
            };
            let threads: Vec<_> = (0..count).map(start).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn exchange(&self, own: Sent, receive: impl FnOnce(&[Sent])) -> Result<(), Error> {
        let (barrier, sent) = &*self.sent;
        sent.lock().unwrap()[self.rank] = own;
        barrier.wait();
        receive(&sent.lock().unwrap());
        barrier.wait();
        Ok(())
    }
}

impl ProcessGroup<f64> for Process {
    fn rank(&self) -> usize {
        self.rank
    }

    fn count(&self) -> usize {
        self.sent.1.lock().unwrap().len()
    }

    fn all_gather(&self, own: &[f64], lengths: &[usize], all: &mut [f64]) -> Result<(), Error> {
        assert_eq!(own.len(), lengths[self.rank]);
        self.exchange((own.to_vec(), Vec::new()), |sent| {
            assert!(sent.iter().map(|(numbers, _)| numbers.len()).eq(lengths.iter().copied()));
            all.copy_from_slice(&sent.iter().flat_map(|(numbers, _)| numbers.clone()).collect::<Vec<_>>());
        })
    }

    fn all_to_all(&self, own: &[f64], sent: &[usize], received: &[usize], all: &mut [f64]) -> Result<(), Error> {
        assert_eq!(own.len(), sent.iter().sum::<usize>());
        self.exchange((own.to_vec(), sent.to_vec()), |sent| {
            assert!(sent.iter().map(|(_, lengths)| lengths[self.rank]).eq(received.iter().copied()));
            let of = |(numbers, lengths): &Sent| {
                let start: usize = lengths[..self.rank].iter().sum();
                numbers[start..start + lengths[self.rank]].to_vec()
            };
            all.copy_from_slice(&sent.iter().flat_map(of).collect::<Vec<_>>());
        })
    }
}

fn model(params: &mut Params<f64>) -> Model {
    let embedding = Embedding::new(params.scope("embedding"), 40, 6);
    let hidden = (Linear::new(params.scope("hidden"), 6, 5), BatchNorm::new(params.scope("norm"), 5), Relu);
    (embedding, Dropout::new(0.3), hidden, Linear::new(params.scope("readout"), 5, 3))
}

fn batch(samples: usize) -> [Tensor<f64>; 2] {
    [Tensor::from_fn([samples], |k| (k * 7 % 11) as f64), Tensor::from_fn([samples], |k| (k % 3) as f64)]
}

fn loss<'t>(model: &Model, [x, labels]: [Var<'t, f64>; 2]) -> Var<'t, f64> {
    cross_entropy(model.forward(x), labels)
}

/// The bits of the loss, the gradients and the state after a step.
fn bits(value: f64, grads: &Gradients<f64>, params: &Params<f64>) -> Vec<u64> {
    let mut after = params.clone();
    after.commit(grads).unwrap();
    let states: Vec<f64> = after.states().flat_map(|(_, _, values)| values.to_vec()).collect();
    grads.flat().iter().chain(&states).chain([&value]).map(|x| x.to_bits()).collect()
}

#[test]
fn any_number_of_processes_gives_the_same_bits() {
    let mut params = Params::new(3);
    let model = model(&mut params);
    for (samples, shards) in [(12, 1), (12, 4), (13, 5), (3, 8), (2, 1)] {
        let [x, labels] = batch(samples);
        let inputs = || [input("x", [samples]), input("labels", [samples])];
        let mut alone = Shards::record(&params, Mode::Train, shards, inputs(), |_, x| loss(&model, x)).unwrap();
        let mut grads = params.gradients();
        let value = alone.backward(&params, [&x, &labels], &mut grads).unwrap();
        let expected = bits(value, &grads, &params);
        for processes in [1, 2, 3, 4, 7] {
            let found = Process::run(processes, |process| {
                let mode = Mode::Train;
                let mut own =
                    Shards::record_among(process, &params, mode, shards, inputs(), |_, x| loss(&model, x)).unwrap();
                assert_eq!(own.count(), shards.min(samples));
                let mut grads = params.gradients();
                let first = own.backward_among(process, &params, [&x, &labels], &mut grads).unwrap();
                let first = bits(first, &grads, &params);
                let again = own.backward_among(process, &params, [&x, &labels], &mut grads).unwrap();
                assert!(first == bits(again, &grads, &params));
                assert!(grads.received(&params, params.id("readout.weight").unwrap()).is_ok());
                first
            });
            assert!(found.iter().all(|found| *found == expected), "{shards} shards in {processes} processes");
        }
    }
}

/// The bits of the parameters and of all buffers after steps with gradients that are written by hand.
fn stepped<R: Rule<f64> + Send + Sync>(optimizer: &Optimizer<f64, R>, processes: usize) -> Vec<Vec<u64>> {
    Process::run(processes, |process| {
        let mut params = Params::new(3);
        model(&mut params);
        let (mut optimizer, mut grads) = (optimizer.clone(), params.gradients());
        for step in 0..3 {
            let numbers = grads.flat_mut().iter_mut().enumerate();
            numbers.for_each(|(k, g)| *g = ((k * 37 + step * 11) % 101) as f64 / 50.0 - 1.0);
            optimizer.step_among(process, &mut params, &grads).unwrap();
        }
        let share = optimizer.share().unwrap();
        assert!(optimizer.buffers().all(|(_, buffer)| buffer.len() == share.len()));
        let mut bits: Vec<u64> = params.flat().iter().map(|x| x.to_bits()).collect();
        for (_, buffer) in optimizer.gather_buffers(process, &params).unwrap() {
            bits.extend(buffer.iter().map(|x| x.to_bits()));
        }
        bits
    })
}

fn is_the_same_on_any_number<R: Rule<f64> + Send + Sync>(optimizer: Optimizer<f64, R>) {
    let one = stepped(&optimizer, 1).remove(0);
    for processes in [2, 3, 4, 7] {
        assert!(stepped(&optimizer, processes).iter().all(|found| *found == one), "{processes}: {optimizer:?}");
    }
}

#[test]
fn a_step_that_processes_divide_has_the_same_bits() {
    is_the_same_on_any_number(Adam::new(0.1).clip_norm(0.5).decay(0.1, ParamFilter::all()));
    is_the_same_on_any_number(Sgd::new(0.1).momentum(0.9).max_norm(0.5, ParamFilter::all()));
    is_the_same_on_any_number(Muon::new(0.02));
}

#[test]
fn buffers_of_a_share_are_refused_where_all_are_needed() {
    let refused = Process::run(2, |process| {
        let mut params = Params::new(3);
        model(&mut params);
        let (mut adam, mut grads) = (Adam::new(0.1), params.gradients());
        grads.flat_mut().fill(1.0);
        adam.step_among(process, &mut params, &grads).unwrap();
        let of_step = adam.step(&mut params, &grads).unwrap_err().to_string();
        [of_step, adam.gather_buffers(&autodiff::Alone, &params).unwrap_err().to_string()]
    });
    for error in refused.iter().flatten() {
        assert!(error.contains("alone, which 1 processes cannot divide"), "{error}");
    }
}
