# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The intent classifier as one static program: what it says is what Python says, on this machine
and on AArch64, and it needs nothing beside itself."""
import os
import pty
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import bnn
from bnn.wordpiece import Tokenizer

SENTENCES = ["book me a flight to Zürich", "what's the weather in 北京", "¿dónde está mi tarjeta?",
             "", "a" * 5000, "how do I " * 40, "set an alarm\x00 for six", "\u202e😀 e\u0301",
             "PLEASE TRANSFER $100.50 TO MY SAVINGS ACCOUNT!!"]
LINE = re.compile(r"(\S+) +(\d+\.\d)% +(\d+) us(?:  (.*))?")


@pytest.fixture(scope="module")
def intent(root):
    return root / "runtime" / "examples" / "intent"


def build(root, intent, out, *flags):
    """What the demo script says, and the program that it makes."""
    result = subprocess.run(
        [sys.executable, "-B", intent / "demo", root / "build", "--output", out, *flags],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout, out / "intent"


@pytest.fixture(scope="module")
def demo(root, intent, tmp_path_factory):
    return build(root, intent, tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def arm(root, intent, tmp_path_factory):
    """The program for AArch64, and how to run it here."""
    cc, qemu = "aarch64-linux-gnu-gcc", shutil.which("qemu-aarch64")
    if not shutil.which(cc) or not qemu:
        pytest.skip("no qemu-aarch64 or no cross compiler for it")
    _, program = build(root, intent, tmp_path_factory.mktemp("arm"),
                       "--target=aarch64-linux-gnu", f"--cc={cc}", "--no-run")
    return [qemu, program]


@pytest.fixture(scope="module")
def classify(intent):
    """A function that says in Python what the program says: (label, percent, runner-up's)."""
    tokenizer = Tokenizer.load(intent / "vocab.txt")
    labels = (intent / "labels.txt").read_text().split()
    session = bnn.Session(bnn.compile(intent / "model.onnx", max_dims={"length": 64}))
    wanted = [info.name for info in session.inputs()]

    def function(text):
        feeds = tokenizer.encode_batch([text], 64)
        logits = session.run({name: feeds[name] for name in wanted})["logits"][0].astype(float)
        share = np.exp(logits - logits.max())
        return labels[int(logits.argmax())], 100 / share.sum()
    return function


def answers(command, lines):
    """[(label, percent)] of lines of text, as the program gives them from its input."""
    output = subprocess.run([*command, "-"], input=b"".join(line + b"\n" for line in lines),
                            stdout=subprocess.PIPE, check=True).stdout.decode(errors="replace")
    return [LINE.match(line).group(1, 2) for line in output.splitlines() if LINE.match(line)]


def test_what_the_demo_says(root, intent, demo):
    said, program = demo
    size, model = program.stat().st_size, (intent / "model.onnx").stat().st_size
    assert f"{size:,} bytes" in said and f"{model:,} bytes" in said
    report = bnn.report(intent / "model.onnx", max_dims={"length": 64})
    share = report["totals"]["binary_share"]
    assert share > 0.5 and f"{100 * share:.1f}% of the operations are binary" in said
    # It has no terminal here, so it took its own ten sentences.
    assert len([line for line in said.splitlines() if LINE.fullmatch(line)]) == 10


def test_one_small_static_program(demo):
    program = demo[1]
    assert program.stat().st_size < 1_500_000
    headers = subprocess.run(["readelf", "--program-headers", "--sections", "-W", program],
                             capture_output=True, text=True, check=True).stdout
    assert "INTERP" not in headers and ".symtab" not in headers


def test_it_needs_no_file(demo, tmp_path):
    if os.geteuid():
        pytest.skip("only root can take all files away")
    shutil.copy(demo[1], tmp_path / "intent")
    result = subprocess.run(["/intent"], preexec_fn=lambda: os.chroot(tmp_path), cwd=tmp_path,
                            env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 10


def check(command, texts, classify):
    given = [text.replace("\n", " ").encode()[:4096] for text in texts if text]
    got = answers(command, given)
    assert len(got) == len(given)
    for text, (label, percent) in zip(given, got):
        wanted, share = classify(text)
        assert (label, float(percent)) == (wanted, pytest.approx(share, abs=0.051)), text


def test_the_same_answers_as_python(demo, classify):
    check([demo[1]], SENTENCES, classify)


def test_the_same_answers_on_aarch64(demo, arm, classify):
    check(arm, SENTENCES, classify)
    own = [subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=True).stdout for command in ([demo[1]], arm)]
    here, there = ([LINE.fullmatch(line).group(1, 2, 4) for line in text.splitlines()]
                   for text in own)
    assert here == there and len(here) == 10
    assert arm[1].stat().st_size < 1_500_000


def test_the_same_answers_on_test_sentences(demo, classify, sentences):
    check([demo[1]], [text for text, _ in sentences["test"]], classify)


def test_arguments(demo, classify):
    output = subprocess.run([demo[1], "wake me up", "tell me a joke"], capture_output=True,
                            text=True, check=True).stdout.splitlines()
    assert [LINE.fullmatch(line).group(4) for line in output] == ["wake me up", "tell me a joke"]
    assert LINE.fullmatch(output[0]).group(1) == classify("wake me up")[0]


def test_a_terminal(demo, classify):
    master, slave = pty.openpty()
    process = subprocess.Popen([demo[1]], stdin=slave, stdout=subprocess.PIPE, text=True)
    os.close(slave)
    os.write(master, b"wake me up at six\n\n\x04")
    output = process.communicate(timeout=60)[0]
    os.close(master)
    assert process.returncode == 0
    lines = output.splitlines()
    assert "150 intents" in lines[0]
    match = LINE.fullmatch(lines[1].removeprefix("> "))
    assert match.group(1) == classify("wake me up at six")[0] and match.group(4) is None
