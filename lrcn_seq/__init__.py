"""Pictures and videos to labels and sentences: CNN encoders with LSTM decoders on Keras 3."""

__version__ = "0.1.0"
