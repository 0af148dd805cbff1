//! A slice of dual numbers as a slice of the numbers that they consist of, and back.

use crate::scalar::{Dual, Real};

/// A scalar that consists of several numbers of another: a [`Dual`], or a `Dual` of them.
///
/// # Safety
/// The scalar has the memory of [`COUNT`](Components::COUNT) consecutive numbers of type `T`, and nothing else.
pub(crate) unsafe trait Components<T: Real>: Real {
    /// How many they are: 2 for a dual number, 4 for one of dual numbers. Bit k of the index of a component says whether it
    /// belongs to the k-th ε.
    const COUNT: usize;

    /// The components of each element, one element after the other.
    fn components(slice: &[Self]) -> &[T] {
        // SAFETY: by the contract of the trait, n elements are `n · COUNT` components; the lifetime is that of the borrow.
        unsafe { std::slice::from_raw_parts(slice.as_ptr().cast(), Self::COUNT * slice.len()) }
    }

    /// As [`Components::components`], mutable.
    fn components_mut(slice: &mut [Self]) -> &mut [T] {
        // SAFETY: as in `components`; the exclusive borrow is passed on.
        unsafe { std::slice::from_raw_parts_mut(slice.as_mut_ptr().cast(), Self::COUNT * slice.len()) }
    }

    /// The elements with these components. What is left over belongs to none.
    fn elements(components: &[T]) -> &[Self] {
        // SAFETY: as in `components`; the division rounds down.
        unsafe { std::slice::from_raw_parts(components.as_ptr().cast(), components.len() / Self::COUNT) }
    }

    /// As [`Components::elements`], mutable.
    fn elements_mut(components: &mut [T]) -> &mut [Self] {
        // SAFETY: as in `elements`; the exclusive borrow is passed on.
        unsafe { std::slice::from_raw_parts_mut(components.as_mut_ptr().cast(), components.len() / Self::COUNT) }
    }
}

// SAFETY: `Dual` is `repr(C)` with two fields of type `T`, and nothing else.
unsafe impl<T: Real> Components<T> for Dual<T> {
    const COUNT: usize = 2;
}

// SAFETY: as above, twice.
unsafe impl<T: Real> Components<T> for Dual<Dual<T>> {
    const COUNT: usize = 4;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_in_the_order_of_their_bits_and_nothing_is_lost() {
        let inner = |first: f64| Dual::new(first, first + 1.0);
        let mut duals = [Dual::new(inner(0.0), inner(2.0)), Dual::new(inner(4.0), inner(6.0))];
        assert_eq!(Components::<f64>::components(&duals), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        Components::<f64>::components_mut(&mut duals)[6] = 9.0;
        assert_eq!(duals[1].tangent.value, 9.0);
        let mut numbers = [1.0_f32, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(<Dual<f32> as Components<f32>>::elements(&numbers).len(), 2);
        <Dual<f32> as Components<f32>>::elements_mut(&mut numbers)[1].tangent = 7.0;
        assert_eq!(numbers, [1.0, 2.0, 3.0, 7.0, 5.0]);
    }
}
