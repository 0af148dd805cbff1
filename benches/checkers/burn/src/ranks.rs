//! A tensor of any rank: burn has the rank in the type.

use adapters::Input;
use burn_tensor::{Gradients, Slice, Tensor, TensorData};

use crate::framework::text;

/// A tensor of rank `D`, of a tensor of any rank.
pub trait Rank<const D: usize>: Sized {
    fn get(&self) -> Result<Tensor<D>, String>;
    fn wrap(tensor: Tensor<D>) -> Self;
}

macro_rules! ranks {
    ($($variant:ident $rank:literal),*) => {
        /// A tensor of any rank from 1 to 5.
        #[derive(Clone)]
        pub enum Any {
            $($variant(Tensor<$rank>)),*
        }

        $(impl Rank<$rank> for Any {
            fn get(&self) -> Result<Tensor<$rank>, String> {
                match self {
                    Any::$variant(tensor) => Ok(tensor.clone()),
                    other => Err(format!("rank {} where {} is expected", other.dims().len(), $rank)),
                }
            }
            fn wrap(tensor: Tensor<$rank>) -> Self {
                Any::$variant(tensor)
            }
        })*

        impl Any {
            /// A constant, or a leaf that requires a gradient.
            pub fn new(data: TensorData, device: &burn_tensor::Device, needs_gradient: bool) -> Result<Any, String> {
                match data.shape().len() {
                    $($rank => {
                        let tensor = Tensor::<$rank>::from_data(data, device);
                        Ok(Any::$variant(if needs_gradient { tensor.require_grad() } else { tensor }))
                    })*
                    rank => Err(format!("no tensor of rank {rank}")),
                }
            }

            pub fn dims(&self) -> Vec<usize> {
                match self { $(Any::$variant(tensor) => tensor.dims().to_vec()),* }
            }

            /// The axes in reverse order.
            pub fn reversed(&self) -> Any {
                match self { $(Any::$variant(tensor) => {
                    Any::$variant(tensor.clone().permute(std::array::from_fn::<_, $rank, _>(|axis| $rank - 1 - axis)))
                })* }
            }

            /// Elements 1, 3, 5, … along every axis.
            pub fn odd(&self) -> Any {
                match self { $(Any::$variant(tensor) => {
                    Any::$variant(tensor.clone().slice([Slice::new(1, None, 2); $rank]))
                })* }
            }

            /// Broadcast to this shape.
            pub fn spread(&self, shape: &[usize]) -> Any {
                match self { $(Any::$variant(tensor) => {
                    Any::$variant(tensor.clone().expand(std::array::from_fn::<_, $rank, _>(|axis| shape[axis])))
                })* }
            }

            /// ⟨weights, x⟩.
            pub fn inner(&self, weights: &Any) -> Result<Tensor<1>, String> {
                match (self, weights) {
                    $((Any::$variant(x), Any::$variant(weights)) => Ok((x.clone() * weights.clone()).sum()),)*
                    _ => Err("weights of another rank".into()),
                }
            }

            pub fn values(&self) -> Result<Vec<f64>, String> {
                match self { $(Any::$variant(tensor) => tensor.try_to_vec_as::<f64>().map_err(text)),* }
            }

            pub fn gradient(&self, gradients: &Gradients) -> Option<Any> {
                match self { $(Any::$variant(tensor) => tensor.grad(gradients).map(Any::$variant)),* }
            }
        }
    };
}

ranks!(R1 1, R2 2, R3 3, R4 4, R5 5);

pub type Row = adapters::Row<Any>;

/// Adds a case of one input to a row.
pub fn one<const D: usize, const E: usize>(
    row: Row,
    label: &str,
    inputs: impl Into<Input>,
    function: impl Fn(Tensor<D>) -> Tensor<E> + 'static,
) -> Row
where
    Any: Rank<D> + Rank<E>,
{
    row.case(label, [inputs.into()], move |x| Ok(Any::wrap(function(x[0].get()?))))
}

/// Of two inputs.
pub fn two<const D: usize, const E: usize, const F: usize>(
    row: Row,
    label: &str,
    inputs: [Input; 2],
    function: impl Fn(Tensor<D>, Tensor<E>) -> Tensor<F> + 'static,
) -> Row
where
    Any: Rank<D> + Rank<E> + Rank<F>,
{
    row.case(label, inputs, move |x| Ok(Any::wrap(function(x[0].get()?, x[1].get()?))))
}

/// Of three inputs.
pub fn three<const D: usize, const E: usize, const F: usize, const G: usize>(
    row: Row,
    label: &str,
    inputs: [Input; 3],
    function: impl Fn(Tensor<D>, Tensor<E>, Tensor<F>) -> Tensor<G> + 'static,
) -> Row
where
    Any: Rank<D> + Rank<E> + Rank<F> + Rank<G>,
{
    row.case(label, inputs, move |x| Ok(Any::wrap(function(x[0].get()?, x[1].get()?, x[2].get()?))))
}
