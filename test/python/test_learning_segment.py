"""A network over a volume: tiles equal the whole, what the file says is done, what does not fit is refused with what it wants."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

import voxbeam as rv
from brick_reader import BrickReader
from learning_support import two_halves
from unet_model import write_unet
from voxbeam.errors import ParameterError, SourceError
from voxbeam.geometry import BrickKey
from voxbeam.learning.block_reader import open_image
from voxbeam.learning.onnx_model import OnnxModel
from voxbeam.learning.tile_predictor import TilePredictor
from voxel_reference import brick

SHAPE = (20, 28, 70)
METADATA = {"tile": "32", "halo": "8,8,8", "overlap": 4, "mean": 90, "std": 50, "classes": "0,5"}


def whole_by_onnxruntime(path, image: np.ndarray) -> np.ndarray:
    """Probabilities of the whole array at once, mirrored around by so much that halves are where tiles have them."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rim = 12
    block = np.pad(image.astype("f4"), [(rim, rim + n % 2) for n in image.shape], mode="symmetric")
    out = session.run(None, {"image": ((block - 90) / 50)[None, None]})[0][0]
    out = np.exp(out - out.max(axis=0))
    out = out / out.sum(axis=0)
    return out[(slice(None), *(slice(rim, rim + n) for n in image.shape))]


def test_tiles_equal_the_whole_array(tmp_path):
    write_unet(tmp_path / "unet.onnx", metadata=METADATA)
    image = two_halves(SHAPE)
    expected = whole_by_onnxruntime(tmp_path / "unet.onnx", image)
    assert 0.05 < (expected[1] > expected[0]).mean() < 0.95, "both classes are found, so that equal means something"
    predictor = TilePredictor(open_image(image), OnnxModel(tmp_path / "unet.onnx", 1, providers=["CPUExecutionProvider"]))
    whole = predictor.probabilities(tuple((0, n) for n in SHAPE))
    np.testing.assert_allclose(whole, expected, atol=1e-5)
    runs = predictor.runs
    # With a step of 12: from -4 on, 2 tiles of 16 cover 20 voxels, 3 of them 28, 7 of them 70.
    assert runs == 2 * 3 * 7
    for box in (((0, 20), (0, 28), (33, 34)), ((13, 20), (1, 9), (0, 66))):
        part = whole[(slice(None), *(slice(*span) for span in box))]
        np.testing.assert_array_equal(predictor.probabilities(box), part)
    assert predictor.runs == runs, "tiles are kept"
    labels, _ = predictor.predict(tuple((0, n) for n in SHAPE))
    sure = np.abs(expected[1] - expected[0]) > 1e-4
    np.testing.assert_array_equal(labels[sure], np.where(expected[1] > expected[0], 5, 0)[sure])
    few = TilePredictor(open_image(image), OnnxModel(tmp_path / "unet.onnx", 1), keep_bytes=3 * 2 * 16**3 * 4)
    np.testing.assert_array_equal(few.probabilities(((0, 20), (0, 28), (33, 34))), whole[:, :, :, 33:34])
    assert len(few._kept) == 3


def test_it_is_shown_over_the_volume(instance, sidecar, tmp_path):
    write_unet(tmp_path / "unet.onnx", metadata=METADATA)
    image = two_halves(SHAPE)
    instance.producer.declare(image, name="ct", voxel_size=(3, 2, 1), unit="mm", origin=(5, 6, 7))
    prediction = rv.segment("ct", model=tmp_path / "unet.onnx", instance=instance, shade=5, threads=2)
    prediction.wait(60)
    description = instance.volumes["segmentation"].description
    assert (description.kind, description.unit) == ("labels", "mm")
    assert (description.voxel_size, description.origin) == ((3, 2, 1), (5, 6, 7))
    expected = whole_by_onnxruntime(tmp_path / "unet.onnx", image)
    shade = prediction.shade.read(0, tuple((0, n) for n in SHAPE))
    np.testing.assert_allclose(shade / 255, expected[1], atol=0.003)
    reader = BrickReader(sidecar)
    key, handle = BrickKey(0, 0, 0, 1), instance.volumes["segmentation"].handle
    reader.need(handle, [key])
    wanted = brick(prediction[:], key)
    reader.until(lambda: (handle, key) in reader.bricks and np.array_equal(reader.bricks[handle, key][1], wanted))
    assert set(np.unique(wanted)) == {0, 5}
    reader.close()
    prediction.close()


def test_arguments_come_before_what_the_file_says(tmp_path):
    write_unet(tmp_path / "unet.onnx", classes=1, metadata={**METADATA, "activation": "sigmoid"})
    model = OnnxModel(tmp_path / "unet.onnx", 1, tile=(24, 32, 40), halo=4, overlap=2, classes=(1, 2), mean=0)
    assert (model.tile, model.core, model.overlap, model.mean, model.std) == ((24, 32, 40), (16, 24, 32), (2, 2, 2), 0.0, 50.0)
    assert model.classes == (1, 2)
    found = model.probabilities(np.full((1, 24, 32, 40), 100, "f4"))
    assert found.shape == (2, 16, 24, 32)
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-6)
    assert model.providers == ["CPUExecutionProvider"]
    plain = OnnxModel(tmp_path / "unet.onnx", 1, activation="none")
    assert plain.tile == (32, 32, 32)


@pytest.mark.parametrize(
    ("made", "asked", "words"),
    [
        ({"channels": 2}, {}, r"wants 2 channels \(any × 2 × any × any × any\), and the image has 1"),
        ({"rank": 2}, {"tile": 32}, r"wants 1 input, the first tensor\(float\) of any × 1 × any × any"),
        ({"tile": (16, 16, 16)}, {"tile": 32}, r"tile is \(32, 32, 32\).*any × 1 × 16 × 16 × 16.*Along z it is 16"),
        ({"batch": 4}, {}, "wants 4 blocks at once"),
        ({}, {"tile": 20}, "leaves nothing between halo"),
        ({}, {"tile": 65, "halo": 4}, r"cannot take a tile of \(65, 65, 65\)"),
        ({}, {"classes": (1, 2, 3)}, "tells 2 apart"),
        ({}, {"std": 0}, "std is 0"),
        ({}, {"mean": "x"}, "mean is 'x'"),
        ({}, {"activation": "tanh"}, "activation is 'tanh'"),
        ({}, {"providers": ["AbacusExecutionProvider"]}, "no 'AbacusExecutionProvider' here"),
        ({}, {"halo": (1, 2)}, r"halo is \(1, 2\)"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_what_it_wants(tmp_path, made, asked, words):
    write_unet(tmp_path / "unet.onnx", **{"metadata": {} if "tile" in made or "rank" in made else METADATA, **made})
    with pytest.raises(ParameterError, match=words):
        OnnxModel(tmp_path / "unet.onnx", 1, **asked)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(SourceError, match=r"bad\.onnx.*cannot be read"):
        OnnxModel(tmp_path / "bad.onnx", 1)
    with pytest.raises(SourceError, match="There is no file"):
        OnnxModel(tmp_path / "none.onnx", 1)
    with pytest.raises(TypeError, match="model"):
        rv.segment(np.zeros((3, 3, 3)), model=tmp_path / "bad.onnx", modle=1)
