//===- run-test.cpp - Tests of lib/Run without files ----------------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lib/Run where a file on disk would be in the way: NPY, TensorProto, and the
// comparison of outputs.
//
//===----------------------------------------------------------------------===//

#include "bnn/types.h"
#include "lib/Run/Compare.h"
#include "lib/Run/Npy.h"
#include "lib/Run/TensorProto.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <onnx/onnx_pb.h>

using namespace llvm;
using mlir::bnn::HostTensor;

static int failures = 0;

static void expect(bool condition, const Twine &what) {
  if (condition)
    return;
  errs() << "run-test: wrong: " << what << '\n';
  ++failures;
}

/// Expects a failure whose text holds `part`.
static void expectError(Expected<HostTensor> tensor, StringRef part) {
  if (tensor)
    return expect(false, "no error that says '" + part + "'");
  std::string text = toString(tensor.takeError());
  expect(StringRef(text).contains(part), "no '" + part + "' in: " + text);
}

/// An NPY file of this version and header dictionary.
static std::string npy(unsigned version, StringRef header, StringRef data) {
  std::string result = "\x93NUMPY";
  result += static_cast<char>(version);
  result += '\0';
  for (unsigned i = 0; i < (version == 1 ? 2u : 4u); ++i)
    result += static_cast<char>(header.size() >> (8 * i));
  return result + header.str() + data.str();
}

static void testNpy() {
  StringRef four("\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0", 16);
  for (unsigned version : {1u, 2u, 3u}) {
    auto tensor = cantFail(mlir::bnn::parseNpy(
        npy(version,
            "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 2), }  \n",
            four)));
    expect(tensor.elementType == BNN_I32 &&
               tensor.shape == std::vector<int64_t>{2, 2} &&
               mlir::bnn::elementAsDouble(tensor, 3) == 4,
           "a version of NPY");
  }
  auto odd = cantFail(mlir::bnn::parseNpy(npy(
      1, "{\"shape\":(4,),\"fortran_order\":True,\"descr\":\"<i4\"}", four)));
  expect(odd.shape == std::vector<int64_t>{4}, "another order and spelling");
  auto scalar = cantFail(mlir::bnn::parseNpy(
      npy(1, "{'descr': '|b1', 'fortran_order': False, 'shape': ()}", "\2")));
  expect(scalar.shape.empty() && scalar.data[0] == 1, "a scalar boolean");

  auto fails = [](StringRef header, StringRef data, StringRef part) {
    expectError(mlir::bnn::parseNpy(npy(1, header, data)), part);
  };
  fails("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 2)}", four,
        "Fortran order");
  fails("{'descr': '>i4', 'fortran_order': False, 'shape': (2, 2)}", four,
        "big-endian");
  fails("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", four,
        "'<c8' is not supported");
  fails("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
        four, "records");
  fails("{'descr': '<i4', 'fortran_order': False, 'shape': (5,)}", four,
        "holds 16 bytes of data where its header asks for 20");
  fails("{'descr': '<i4', 'fortran_order': False, 'shape': (3,)}", four,
        "asks for 12");
  fails("{'descr': '<i4', 'fortran_order': False, "
        "'shape': (4611686018427387904, 4)}",
        four, "is impossible");
  for (StringRef header :
       {"", "{", "{}", "{'descr': '<i4'", "{'descr': '<i4', 'shape': (4,)}",
        "{'descr': '<i4', 'fortran_order': Perhaps, 'shape': (4,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (-4,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': 4}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (4", "{'descr: 4"})
    fails(header, four, "header is malformed");
  expectError(mlir::bnn::parseNpy("PK\3\4"), "no NPY file");
  expectError(mlir::bnn::parseNpy(npy(4, "", "")), "NPY version is 4");
  expectError(mlir::bnn::parseNpy(StringRef("\x93NUMPY\1\0\x7f\0{", 11)),
              "ends within the header");
}

static void testRoundTrip() {
  std::string file;
  raw_string_ostream out(file);
  HostTensor tensor{BNN_F32, {2}, std::vector<char>(8)};
  float values[2] = {1.5f, -0.0f};
  std::memcpy(tensor.data.data(), values, sizeof values);
  mlir::bnn::writeNpy(tensor, out);
  expect(StringRef(file).contains("'shape': (2,), }") &&
             (file.size() - sizeof values) % 64 == 0,
         "the layout of a written file");
  auto read = cantFail(mlir::bnn::parseNpy(file));
  expect(read.elementType == BNN_F32 && read.shape == tensor.shape &&
             read.data == tensor.data,
         "a file that was written and read");
}

/// Numbers of 16 bits, in both kinds of files.
static void testHalves() {
  auto array = cantFail(mlir::bnn::parseNpy(
      npy(1, "{'descr': '<f2', 'fortran_order': False, 'shape': (2,)}",
          StringRef("\1\0\xff\xfb", 4))));
  expect(array.elementType == BNN_F16 &&
             mlir::bnn::elementAsDouble(array, 0) == 0x1p-24 &&
             mlir::bnn::elementAsDouble(array, 1) == -65504,
         "f16 in an NPY file");
  ::onnx::TensorProto proto;
  proto.set_data_type(::onnx::TensorProto::BFLOAT16);
  proto.add_dims(2);
  proto.add_int32_data(0xbf80);
  proto.add_int32_data(1);
  auto brain = cantFail(mlir::bnn::parseTensorProto(proto.SerializeAsString()));
  expect(brain.elementType == BNN_BF16 &&
             mlir::bnn::elementAsDouble(brain, 0) == -1 &&
             mlir::bnn::elementAsDouble(brain, 1) == 0x1p-133,
         "bf16 in a TensorProto");
  std::string file;
  raw_string_ostream stream(file);
  writeNpy(brain, stream);
  auto again = cantFail(mlir::bnn::parseNpy(file));
  expect(again.elementType == BNN_BF16 && again.data == brain.data,
         "bf16 as it is written");
}

static void testTensorProto() {
  ::onnx::TensorProto proto;
  proto.set_data_type(::onnx::TensorProto::INT64);
  proto.add_dims(1);
  proto.add_dims(2);
  proto.add_int64_data(-3);
  proto.add_int64_data(7);
  auto parse = [&] {
    return mlir::bnn::parseTensorProto(proto.SerializeAsString());
  };
  auto ids = cantFail(parse());
  expect(ids.elementType == BNN_I64 &&
             ids.shape == std::vector<int64_t>{1, 2} &&
             mlir::bnn::elementAsDouble(ids, 0) == -3,
         "int64 data");
  proto.add_int64_data(8);
  expectError(parse(), "24 bytes of data where its shape [1, 2] asks for 16");
  proto.clear_int64_data();
  proto.set_raw_data(std::string(16, '\1'));
  expect(cantFail(parse()).data[15] == 1, "raw data");
  proto.set_dims(0, -1);
  expectError(parse(), "[-1, 2] is impossible");
  proto.set_data_type(::onnx::TensorProto::UINT16);
  expectError(parse(), "number 4 of ONNX");
  proto.clear_raw_data();
  proto.set_dims(0, 1);
  proto.set_data_type(::onnx::TensorProto::BOOL);
  proto.add_int32_data(1);
  proto.add_int32_data(0);
  expect(cantFail(parse()).data == std::vector<char>{1, 0}, "booleans");
  proto.set_data_location(::onnx::TensorProto::EXTERNAL);
  expectError(parse(), "in another file");
  expectError(mlir::bnn::parseTensorProto("\xff\xff\xff"),
              "no ONNX TensorProto");
}

static HostTensor floats(std::vector<int64_t> shape,
                         std::vector<float> values) {
  HostTensor tensor{BNN_F32, std::move(shape), {}};
  tensor.data.resize(values.size() * sizeof(float));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

static void testCompare() {
  float nan = std::numeric_limits<float>::quiet_NaN();
  float infinity = std::numeric_limits<float>::infinity();
  HostTensor want = floats({2, 2}, {1, nan, infinity, 4});
  expect(mlir::bnn::compareTensors(want, want, 0).equal, "a tensor and itself");
  auto one = mlir::bnn::compareTensors(floats({2, 2}, {1, nan, infinity, 4.5}),
                                       want, 0.25);
  expect(!one.equal && one.text ==
                           "1 of 4 elements differ by more than 0.25; largest "
                           "difference 0.5 at [1, 1]: got 4.5, expected 4",
         one.text);
  expect(mlir::bnn::compareTensors(floats({2, 2}, {1, nan, infinity, 4.5}),
                                   want, 0.5)
             .equal,
         "within the tolerance");
  expect(!mlir::bnn::compareTensors(floats({2, 2}, {nan, nan, infinity, 4}),
                                    want, 9)
              .equal,
         "a NaN where a number is expected");
  expect(!mlir::bnn::compareTensors(floats({2, 2}, {1, nan, -infinity, 4}),
                                    want, 9)
              .equal,
         "the other infinity");
  auto shape =
      mlir::bnn::compareTensors(floats({4}, {1, nan, infinity, 4}), want, 0);
  expect(!shape.equal && shape.text == "is f32 [4], expected f32 [2, 2]",
         shape.text);
}

static void testNames() {
  std::vector<mlir::bnn::NamedTensor> outputs;
  for (const char *name :
       {"logits", "a/b:0", "a_b_0", "../x", ".", "a b", "a_b_0_2", ""})
    outputs.push_back({name, {}});
  std::vector<std::string> expected = {"logits", "a_b_0", "a_b_0_2",   "_._x",
                                       "_",      "a_b",   "a_b_0_2_2", "__2"};
  expect(mlir::bnn::outputFileNames(outputs) == expected, "file names");
}

int main() {
  testNpy();
  testRoundTrip();
  testHalves();
  testTensorProto();
  testCompare();
  testNames();
  return failures != 0;
}
