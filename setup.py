"""Package the configs: the folder `configs` is installed as `lrcn_seq/configs`.

An editable install reads the configs from the folder itself and adds the repository to `sys.path`.
With a mapping of packages to folders, setuptools would install a finder instead, and a script
beside a clone named `lrcn_seq` would import the clone as an empty namespace package.
"""

import sys

from setuptools import find_packages, setup

packages = find_packages(include=["lrcn_seq*"])
if "editable_wheel" in sys.argv:
    setup(packages=packages, package_dir={"": "."})
else:
    setup(
        packages=[*packages, "lrcn_seq.configs"],
        package_dir={"lrcn_seq.configs": "configs"},
    )
