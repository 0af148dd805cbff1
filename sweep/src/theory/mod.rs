//! What mean-field theory predicts of wide networks at initialization.
