# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`pip install ./python` from a checkout."""
import os
import subprocess
import sys

import pytest


def test_pip_install(root, tmp_path):
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode:
        pytest.skip("no pip")
    # Debian's setuptools, no index: the test needs no network. pip builds in the folder that it
    # is given, so it gets a copy, beside a link to the build.
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    os.symlink(root / "build", checkout / "build")
    subprocess.run(["cp", "-r", root / "python", checkout / "python"], check=True)
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps",
                    "--target", tmp_path / "site", checkout / "python"], check=True,
                   env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"})
    code = ("import bnn, bnn.wordpiece, sys; assert bnn.__file__.startswith(sys.argv[2]);"
            "print(bnn.compile(sys.argv[1], opt_level=0).prefix)")
    result = subprocess.run(
        [sys.executable, "-B", "-c", code, root / "test" / "models" / "tiny.onnx", tmp_path],
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"}, cwd="/",
        capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "tiny\n"
    for name in ("bnn-prune", "bnn-quantize"):
        command = subprocess.run(
            [tmp_path / "site" / "bin" / name, "--help"], capture_output=True, text=True,
            env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"}, cwd="/",
            check=True)
        assert command.stdout.startswith(f"usage: {name} ")
