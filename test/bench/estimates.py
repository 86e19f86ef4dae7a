# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables of estimates: `tools/dev bench --estimates`.

Every number for an ARM core is an estimate (bnn-opt --estimate), none was measured. On this machine
estimates are compared with what bnn-run --profile measures, the fastest of --rounds profiles.
"""
import collections
import json
import math
import os
import re
import subprocess
import sys

import numpy as np

import gemm

# LLVM's name: GHz.
CORES = {"cortex-a53": 1.4, "cortex-a55": 1.8, "cortex-a510": 1.8, "cortex-a76": 2.4,
         "cortex-a78": 2.4, "neoverse-n1": 2.5, "neoverse-v1": 2.6, "apple-m1": 3.2}
BANDWIDTH = 10  # GB/s
LENGTHS = (8, 32, 128)
DEMO_TOKENS = 16
TABLES = ("cores", "loops", "host")
LOOP_CORES = ("cortex-a55", "cortex-a76", "neoverse-n1", "neoverse-v1")


class Estimates:
    def __init__(self, bench, root):
        self.bench, self.root = bench, root

    def run(self, onnx, tokens, *options):
        """The estimates of a model, by CPU; made again whenever the compiler is newer."""
        name = "-".join([os.path.basename(os.path.dirname(onnx)), str(tokens), *options])
        path = self.bench.path("estimate-" + re.sub(r"[^\w.]+", "_", name) + ".json")
        compiler = self.bench.tools.bnn_opt
        library = os.path.join(os.path.dirname(compiler), "..", "lib", "libBNN.so")
        newest = max(os.path.getmtime(file) for file in (compiler, library))
        if not os.path.exists(path) or os.path.getmtime(path) < newest:
            gemm.run([compiler, onnx, f"--input-shape=input_ids:1x{tokens}", *options,
                      "--estimate-format=json", "-o", f"{path}.part"])
            os.rename(f"{path}.part", path)
        with open(path) as file:
            return {estimate["cpu"]: estimate for estimate in json.load(file)}

    def cores(self, onnx, tokens, cpus=tuple(CORES)):
        """Those of ARM cores."""
        return {cpu: self.run(onnx, tokens, "--mtriple=aarch64-linux-gnu", f"--estimate={cpu}",
                              f"--estimate-clock={CORES[cpu]}", f"--estimate-bandwidth={BANDWIDTH}")[cpu]
                for cpu in cpus}


def sdot_rate(llvm, cpu):
    """Multiply-accumulates of bytes a cycle of `sdot`, by llvm-mca; None where there is none."""
    code = "".join(f"sdot v{i}.4s, v16.16b, v17.16b\n" for i in range(8))
    result = subprocess.run([f"{llvm}/llvm-mca", "-mtriple=aarch64", f"-mcpu={cpu}"], input=code,
                            capture_output=True, text=True)
    found = re.search(r"Block RThroughput:\s*([\d.]+)", result.stdout)
    return 8 * 16 / float(found.group(1)) if found and not result.returncode else None


def bert_macs(tokens):
    """The multiply-accumulates of BERT-base's encoder."""
    linears = 4 * 768 * 768 + 2 * 768 * 3072
    return 12 * tokens * (linears + 2 * tokens * 768)


def core_table(estimates, llvm):
    bipft = {tokens: estimates.cores(estimates.bench.onnx("bipft"), tokens) for tokens in LENGTHS}
    demo = estimates.cores(os.path.join(estimates.root, "runtime/examples/intent/model.onnx"),
                           DEMO_TOKENS)
    lines = ["| core | GHz | " + " | ".join(f"BiPFT-B, {tokens} tokens, ms" for tokens in LENGTHS)
             + " | MAC/cycle at 128 | the demo, us | int8 BERT-base by `sdot`, 128 tokens, ms | over ours |",
             "| --- " * 8 + "|"]
    for cpu, clock in CORES.items():
        times = [bipft[tokens][cpu]["ms"] for tokens in LENGTHS]
        macs = sum(op["binary_macs"] for op in bipft[128][cpu]["operations"])
        rate = sdot_rate(llvm, cpu)
        other = bert_macs(128) / rate / clock * 1e-6 if rate else None
        lines.append(f"| {cpu} | {clock} | " + " | ".join(f"{time:.3g}" for time in times)
                     + f" | {macs / bipft[128][cpu]['cycles']:.0f} | {demo[cpu]['ms'] * 1e3:.0f} | "
                     + (f"{other:.3g} | {other / times[-1]:.1f} |" if rate else "no `sdot` | |"))
    return "\n".join(lines) + "\n"


def kinds(estimate):
    """Cycles of code, and those that the limits of its loops allow, by kind."""
    cycles = collections.Counter()
    for op in estimate["operations"]:
        cycles[op["kind"]] += op["code_cycles"]
    return cycles


def loop_names(loop):
    """What an innermost loop of a kernel does, by its function and its instructions."""
    function = re.sub(r"_\d+$", "", loop["function"])
    has = lambda pattern: any(re.match(pattern, name) for name in loop["opcodes"])
    counts, exponential = has(r"CNTv|VPOPCNT"), has(r"FM(LA|LS|ADD)|FCVT")
    if function == "attention":
        if has(r"SLIv"):  # masks become bits, and bits are counted
            return "attention: maximum, threshold, rest"
        return ("attention: scores" if counts and not exponential else
                "attention: scores, exponential, context" if counts else
                "attention: exponential" if exponential else "attention: maximum, threshold, rest")
    if function == "matmul":
        return ("product of bits" if counts else "product of floats" if has(r"FM(LA|UL)") else
                "product: packing rows")
    return {"layer_norm": "LayerNorm", "binarize": "binarise", "embedding": "embedding"}.get(
        function, "other, in the model's function")


def loop_table(estimate_of):
    """Cycles over limit of the innermost loops, each kind weighted by its iterations."""
    rows = collections.defaultdict(dict)
    for cpu in LOOP_CORES:
        estimate = estimate_of[cpu]
        sums = collections.defaultdict(lambda: [0, 0])
        for loop in estimate["loops"]:
            entry = sums[loop_names(loop)]
            entry[0] += loop["cycles"] * loop["iterations"]
            entry[1] += loop["limit"] * loop["iterations"]
        for name, (cycles, limit) in sums.items():
            rows[name][cpu] = (cycles, limit, cycles / estimate["cycles"])
    tokens, layers, heads = 128, 12, 12
    scores, values = layers * heads * tokens * tokens, layers * tokens * 768
    macs = sum(op["binary_macs"] for op in estimate_of[LOOP_CORES[0]]["operations"]
               if op["kind"] == "matmul")
    units = {"product of bits": (macs / 1000, "1000 MAC"), "LayerNorm": (2 * values, "number"),
             "embedding": (tokens * 768, "number"), "binarise": (768, "number"),
             "product of floats": (values, "number"), "product: packing rows": (values, "number"),
             "other, in the model's function": (tokens * 768, "number")}
    lines = ["| loops | an element is | " + " | ".join(LOOP_CORES) + " |",
             "| --- " * (2 + len(LOOP_CORES)) + "|"]
    order = sorted(rows, key=lambda name: -max(row[0] for row in rows[name].values()))
    for name in order:
        count, unit = units.get(name, (scores, "score"))
        cells = []
        for cpu in LOOP_CORES:
            if cpu not in rows[name]:
                cells.append("")
                continue
            cycles, limit, share = rows[name][cpu]
            ratio = cycles / limit
            mark = "**" if ratio >= 2 and share >= 0.005 else ""
            cells.append(f"{cycles / count:.2f} of {limit / count:.2f}, {mark}{ratio:.2f}{mark}, {share:.1%}")
        lines.append(f"| {name} | {unit} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def profile(bench, onnx, tokens, rounds):
    """The fastest of so many profiles: {kind: seconds}, "total" too, and the clock in Hz."""
    inputs = {"input_ids": np.arange(1000, 1000 + tokens)[None], "attention_mask":
              np.ones((1, tokens)), "token_type_ids": np.zeros((1, tokens))}
    library = bench.path(f"instrumented-{tokens}")
    gemm.run([bench.tools.bnn_opt, onnx, f"--input-shape=input_ids:1x{tokens}", "--mcpu=native",
              "--prefix=model", "--instrument", "-o", f"{library}.o"])
    gemm.run([f"{bench.tools.llvm}/clang", "-shared", f"{library}.o", "-o", f"{library}.so"])
    command = [os.path.join(os.path.dirname(bench.tools.bnn_opt), "bnn-run"), f"{library}.so",
               "--prefix=model", "--profile=15"]
    for name, value in inputs.items():
        path = bench.path(f"{name}-{tokens}.npy")
        np.save(path, value.astype(np.int64))
        command += ["--input", f"{name}={path}"]
    best = None
    for _ in range(rounds):
        text = gemm.run(command)
        clock = float(re.search(r"clock ([\d.]+) GHz", text).group(1)) * 1e9
        rows = text.split("operations\n", 1)[1].splitlines()
        times = {line.split()[-2]: float(line.split()[0]) * 1e-6 for line in rows if line.strip()
                 and re.match(r"\s*[\d.]+ +[\d.]+%", line)}
        if not best or times["total"] < best[0]["total"]:
            best = times, clock
    return best


def host_table(estimates, rounds):
    bench = estimates.bench
    program = bench.path("read_bandwidth")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "read_bandwidth.c")
    gemm.run([f"{bench.tools.llvm}/clang", "-O3", "-march=native", source, "-o", program])
    bandwidth = float(gemm.run([program]))
    lines = ["| tokens | measured, ms | estimated, ms | error | its code alone | products | attention "
             "| LayerNorm |", "| --- " * 8 + "|"]
    clocks = []
    for tokens in LENGTHS:
        onnx = bench.onnx("bipft")
        estimate, = estimates.run(onnx, tokens, "--estimate=native").values()
        times, clock = profile(bench, onnx, tokens, rounds)
        clocks.append(clock)

        def seconds(kind, memory=1):
            return sum(math.hypot(op["code_cycles"] / clock, memory * op["memory_bytes"] / bandwidth * 1e-9)
                       for op in estimate["operations"] if kind in (op["kind"], "total"))

        def error(kind, memory=1):
            return f"{100 * (seconds(kind, memory) / times[kind] - 1):+.0f} %"
        lines.append(f"| {tokens} | {times['total'] * 1e3:.3g} | {seconds('total') * 1e3:.3g} | "
                     f"{error('total')} | {error('total', 0)} | " + " | ".join(
                         error(kind) for kind in ("matmul", "attention", "layer_norm")) + " |")
    head = (f"LLVM's `{estimate['cpu']}`, {min(clocks) * 1e-9:.2f} to {max(clocks) * 1e-9:.2f} GHz as "
            f"measured with each profile, memory at {bandwidth:.1f} GB/s as measured by reading "
            f"16 MiB; the fastest of {rounds} profiles.\n\n")
    return head + "\n".join(lines) + "\n"


def tables(bench, root, rounds, names):
    """{name of the table: its text}."""
    estimates = Estimates(bench, root)
    make = {"cores": lambda: core_table(estimates, bench.tools.llvm),
            "loops": lambda: loop_table(estimates.cores(bench.onnx("bipft"), 128, LOOP_CORES)),
            "host": lambda: host_table(estimates, rounds)}
    return {name: make[name]() for name in names}


def update_docs(path, texts, option="--estimates"):
    """Replaces the tables in a file that `option` writes."""
    with open(path) as file:
        text = file.read()
    for name, table in texts.items():
        begin = f"<!-- table: tools/dev bench {option} --update-docs: {name} -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{table}<!-- end of table -->{rest.split('<!-- end of table -->', 1)[1]}"
    with open(path, "w") as file:
        file.write(text)


def main(bench, root, rounds, update, names):
    texts = tables(bench, root, rounds, names)
    for table in texts.values():
        sys.stdout.write(table + "\n")
    if update:
        update_docs(os.path.join(root, "docs", "performance.md"), texts)
    return 0
