//! What a convolution is, whatever computes it.

use super::super::parts::items_per_part;
use super::unfold::Unfold;

/// A convolution of many samples. `image` is the input of a convolution or the output of a transposed one; `narrow` is the other
/// side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convolution {
    pub(crate) samples: usize,
    pub(crate) groups: usize,
    /// Channels of the narrow side, in one group.
    pub(crate) narrow: usize,
    pub(crate) unfold: Unfold,
}

impl Convolution {
    /// Elements of a sample of the image, of a sample of the narrow side, and of the weight.
    pub(super) fn sizes(&self) -> [usize; 3] {
        let (unfold, channels) = (&self.unfold, self.groups * self.narrow);
        let image = self.groups * unfold.channels * unfold.image[0] * unfold.image[1];
        [image, channels * unfold.columns(), channels * unfold.rows()]
    }

    /// The samples of each part that one thread computes.
    pub(super) fn samples_per_part(&self) -> usize {
        let work = self.sizes()[1].saturating_mul(self.unfold.rows()).saturating_mul(self.samples);
        items_per_part(self.samples, work).max(1)
    }

    pub(super) fn with_samples(&self, samples: usize) -> Convolution {
        Convolution { samples, ..*self }
    }
}
