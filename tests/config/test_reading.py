"""Reading of config files with overrides."""

import os

import pytest

from lrcn_seq.config import read, read_mapping
from lrcn_seq.errors import ConfigError


def test_a_file_is_read_with_overrides(write, smallest):
    """A config is read from a file, and overrides change its values."""
    config = read(write({**smallest, "seed": 5}), ["training.epochs=3"])
    assert (config.seed, config.training.epochs) == (5, 3)


@pytest.mark.parametrize(
    ("content", "received"),
    [
        ("", "an empty file"),
        ("# only a comment\n", "an empty file"),
        ("- 1\n", "list"),
        ("seed", "str"),
    ],
)
def test_a_file_must_be_a_mapping(write, content, received):
    """A config file that is empty or not a mapping is refused."""
    path = write(content)
    with pytest.raises(ConfigError) as caught:
        read(path)
    message = f"{path}: 1 problem\n  expected a mapping of sections. Received: {received}."
    assert str(caught.value) == message


def test_a_file_must_be_utf_8(write):
    """A config file that is not UTF-8 is refused with the reason."""
    with pytest.raises(ConfigError, match=r"in UTF-8\. Received: 'utf-8' codec can't decode"):
        read(write("seed: é".encode("latin-1")))


def test_a_file_must_be_yaml(write):
    """A config file that is not YAML is refused with its path."""
    path = write("a: [")
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: 1 problem\n  expected YAML. Received: ")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent.yaml", "there is no such file"), (".", "Is a directory"), ("x\0.yaml", "null byte")],
)
def test_a_path_that_cannot_be_read_is_named(tmp_path, name, reason):
    """A path that does not exist, is a folder, or is invalid raises a ConfigError."""
    with pytest.raises(ConfigError, match=reason):
        read(tmp_path / name)


def test_problems_name_the_file(write, smallest):
    """The error for an invalid config begins with the path of the file."""
    path = write({**smallest, "seed": "x"})
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert caught.value.source == path


def test_invalid_overrides_are_refused_before_validation(write):
    """Problems of overrides are reported before the file is validated."""
    with pytest.raises(ConfigError, match=r"^the overrides: 2 problems\n  seed: .*\n  =3: "):
        read(write({"seed": "x"}), ["seed", "=3"])


def test_a_mapping_is_read_without_validation_and_defaults(write):
    """`read_mapping` returns the values of the file without defaults."""
    assert read_mapping(write({"seed": "x"}), ["a.b=1"]) == {"seed": "x", "a": {"b": 1}}


def test_a_file_with_old_names_is_read_with_one_line_on_stderr(write, smallest, capsys):
    """Reading a file with deprecated names prints one line with the file and the names."""
    path = write(
        {**smallest, "training": {"batch": 8}, "data": {**smallest["data"], "plan": "by_picture"}}
    )
    config = read(path)
    assert (config.training.batch_size, config.data.plan) == (8, "by_image")
    assert capsys.readouterr().err == (
        f"{path}: deprecated names; rename data.plan=by_picture to data.plan=by_image, "
        "training.batch to training.batch_size.\n"
    )


def test_a_file_of_the_program_is_read_silently(write, smallest, capsys):
    """With `deprecations=False`, deprecated names are read silently."""
    path = write({**smallest, "training": {"batch": 8}})
    assert read(path, deprecations=False).training.batch_size == 8
    assert read_mapping(path, deprecations=False)["training"] == {"batch_size": 8}
    assert capsys.readouterr().err == ""


def test_a_fifo_is_refused(tmp_path):
    """A FIFO in the place of a config is refused without waiting for its content."""
    os.mkfifo(tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match=r"expected a regular file\. Received: a FIFO"):
        read(tmp_path / "config.yaml")


def test_an_endless_device_is_refused(tmp_path):
    """A link to a device with endless content in the place of a config is refused."""
    (tmp_path / "config.yaml").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="Received: a device"):
        read(tmp_path / "config.yaml")


@pytest.mark.parametrize("seed", [2**32, -1])
def test_a_seed_has_32_bits(write, smallest, seed):
    """A seed that is not an unsigned 32-bit integer is refused; Keras accepts no other seeds."""
    with pytest.raises(ConfigError, match=rf"seed: expected a number .* Received: {seed}\."):
        read(write({**smallest, "seed": seed}))


@pytest.mark.parametrize(
    "override",
    [
        "data.words_limit=1000000000",
        "data.workers=100000",
        "training.epochs=3000000000",
        "search={type: beam, beams: 100000}",
        "tokenizer={type: bpe, pieces: 2000000000}",
        "data.view={type: crop_mirror, margin: .inf}",
        "data.sampling={type: uniform, frames: 1000000000}",
        "data.source={type: shapes, train: 1000000000}",
        "data.source={type: shapes, pixels: 100000}",
    ],
)
def test_numbers_that_would_fill_the_memory_are_refused(write, smallest, override):
    """Numbers that would need too much memory exceed the bounds of their keys and are refused."""
    with pytest.raises(ConfigError, match="expected a number less than or equal to"):
        read(write(smallest), [override])


def test_a_float_is_no_count(write, smallest):
    """A count in scientific notation, such as 1e3, is a float and is refused."""
    with pytest.raises(ConfigError, match=r"expected a valid integer\. Received: 1000000000\.0"):
        read(write(smallest), ["data.words_limit=1e9"])
