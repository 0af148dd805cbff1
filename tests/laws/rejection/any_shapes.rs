//! Inputs that do not fit are refused before arithmetic: with a message, never with a panic.

use autodiff::catalogue::Choices;
use autodiff::{Mode, Params, Shape, Tape, Tensor};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::laws::support::sweep;

fn random_shape(random: &mut StdRng) -> Shape {
    let numbers: Vec<u32> = (0..8).map(|_| random.random()).collect();
    Choices::new(&numbers).shape(0, 4)
}

#[test]
fn any_shapes_give_a_result_or_an_error_that_shows_them() {
    sweep("any shapes: a result or an error", 64, |drawn| {
        let mut random = StdRng::seed_from_u64(drawn.seed);
        let params = Params::default();
        let mut tape = Tape::new();
        for count in 0..4 {
            let shapes: Vec<Shape> = (0..count).map(|_| random_shape(&mut random)).collect();
            let t = tape.start(&params, Mode::Train);
            let leaves: Vec<_> = shapes.iter().map(|shape| t.input(&Tensor::full(shape, 0.0))).collect();
            if let Err(error) = t.apply(drawn.case.op.double(), &leaves).value() {
                let message = error.to_string();
                let name = drawn.case.op.double().name();
                if !message.starts_with(name) || shapes.iter().any(|shape| !message.contains(&shape.to_string())) {
                    return Err(format!("{shapes:?}: message without operation or shapes: {message}"));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_wrong_number_of_inputs_is_refused() {
    sweep("wrong number of inputs", 64, |drawn| {
        let op = drawn.case.op.double();
        let shapes: Vec<&Shape> = drawn.inputs.iter().map(Tensor::shape).collect();
        if !shapes.is_empty() && op.shape(&[]).is_ok() {
            return Err("it accepts no inputs at all".into());
        }
        let one_more = shapes.first().map_or(Shape::new(&[2]), |&first| first.clone());
        let fixed = match op.name() {
            "concatenate" => false,
            "matmul" => shapes.len() == 3, // an addend may follow two matrices
            _ => true,
        };
        let more: Vec<&Shape> = shapes.iter().copied().chain([&one_more]).collect();
        if fixed && op.shape(&more).is_ok() {
            return Err(format!("it accepts {} inputs", more.len()));
        }
        Ok(())
    });
}
