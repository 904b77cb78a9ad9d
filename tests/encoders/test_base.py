"""What every frame-wise encoder does with packed frames."""

import numpy as np
from keras import ops

from lrcn_seq.data.samplings import registry as samplings
from lrcn_seq.encoders.tiny_cnn import TinyCnn
from lrcn_seq.records import Clips


def test_clips_that_overlap_share_their_frames():
    """The features of a sliding-window test are the same whether each clip brings its frames or points at shared ones."""
    frames = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8)
    clips = np.stack(samplings.build({"type": "sliding"}).test(np.arange(40) / 25))
    encoder, computed = TinyCnn(size=32), []
    encode = encoder.encode_frames
    encoder.encode_frames = lambda packed, training=False: (
        computed.append(len(packed)) or encode(packed, training=training)
    )
    shared = encoder(Clips(frames, clips.astype(np.int32)))
    alone = encoder(
        Clips(frames[clips.reshape(-1)], np.arange(clips.size, dtype=np.int32).reshape(clips.shape))
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(shared.features), ops.convert_to_numpy(alone.features), atol=1e-6
    )
    assert ops.convert_to_numpy(shared.mask).all()
    assert computed == [40, 64]
