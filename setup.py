"""Package the configs: the folder `configs` is installed as `lrcn_seq/configs`."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["lrcn_seq*"]), "lrcn_seq.configs"],
    package_dir={"lrcn_seq.configs": "configs"},
)
