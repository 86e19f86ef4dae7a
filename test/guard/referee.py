# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Asks ONNX Runtime which calls are right, and what they give."""
import base64
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))

TYPE_NAMES = {"f32": "float32", "f64": "float64", "f16": "float16", "i64": "int64", "i32": "int32", "i8": "int8",
              "u8": "uint8", "bool": "bool"}


def ask_referee(options, work, subjects):
    """For each subject the list of what ONNX Runtime answers, or None where it has no answer."""
    path = os.path.join(work, "jobs.jsonl")
    with open(path, "w") as file:
        for subject in subjects:
            calls = []
            for call in subject.calls:
                if any(size < 0 for shape in call.shapes.values() for size in shape):
                    continue
                calls.append({entry.name: {
                    "type": TYPE_NAMES[entry.dtype], "dims": call.shapes[entry.name],
                    "data": base64.b64encode(call.arrays[entry.name].tobytes()).decode()}
                    for entry in subject.caller.inputs})
            file.write(json.dumps({"model": subject.model, "calls": calls}) + "\n")
    lines = []
    while len(lines) < len(subjects):
        done = subprocess.run([options.node, os.path.join(HERE, "referee.js"), path, str(len(lines))],
                              capture_output=True, text=True,
                              env=dict(os.environ, NODE_PATH=os.path.abspath(options.npm)))
        lines += done.stdout.splitlines()
        if len(lines) == len(subjects):
            break
        model = subjects[len(lines)].model
        # A signal: ONNX Runtime itself divides by zero, say, for sizes that are wrong.
        if done.returncode >= 0:
            raise SystemExit(f"referee.js ended with {done.returncode} at {model}: {done.stderr[-500:]}")
        print(f"note: ONNX Runtime ended with signal {-done.returncode} at {model}")
        lines.append(json.dumps({"error": "ONNX Runtime crashed"}))
    answers = []
    for subject, line in zip(subjects, lines):
        answer = json.loads(line)
        given = iter(answer.get("calls", []))
        answers.append([None if "error" in answer or
                        any(size < 0 for shape in call.shapes.values() for size in shape)
                        else next(given) for call in subject.calls])
    return answers
