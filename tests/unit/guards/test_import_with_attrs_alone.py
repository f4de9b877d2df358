"""Other services import the library without the platform: attrs and the standard library must be enough."""

import subprocess
import sys
from pathlib import Path

import attr
import attrs

import cbc_domain

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path and "dist-packages" not in path] + sys.argv[1:]
import cbc_domain
names = [found.name for found in pkgutil.walk_packages(cbc_domain.__path__, "cbc_domain.")]
for name in names:
    importlib.import_module(name)
foreign = {module.partition(".")[0] for module in sys.modules} - set(sys.stdlib_module_names) - {"attr", "attrs", "cbc_domain"}
print(len(names), sorted(name for name in foreign if not name.startswith("_")))
"""


def test_every_module_of_the_domain_imports_with_attrs_alone(tmp_path: Path) -> None:
    """rules: ARC-01"""
    for package in (attr, attrs):
        home = Path(str(package.__file__)).parent
        (tmp_path / home.name).symlink_to(home)
    source = Path(str(cbc_domain.__file__)).parents[1]
    (tmp_path / "cbc_domain").symlink_to(source / "cbc_domain")

    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_EVERYTHING, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    modules, foreign = run.stdout.split(maxsplit=1)
    assert int(modules) > 100
    assert foreign.strip() == "[]"
