//===- import-fuzz.cpp - Damaged models against the importer --------------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Damaged models against the importer and the passes after it.
//
//   import-fuzz [--count=N] [--seed=S] [--max-bytes=B] FILE-OR-FOLDER...
//
// Takes models (FOLDER: all model.onnx below it) in turn, damages bytes or
// fields, and compiles what comes out up to the bnn dialect. A model may be
// refused or compiled; it must not crash, fail an assertion, take more than
// `kSeconds` seconds, or be refused without an error. The scratch file of a
// crash stays where the last line says.
//
//===----------------------------------------------------------------------===//

#include "lib/Driver/Driver.h"
#include "lib/Driver/Registration.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <csignal>
#include <onnx/onnx_pb.h>
#include <random>
#include <unistd.h>

using namespace llvm;
namespace fs = llvm::sys::fs;

static cl::list<std::string> places(cl::Positional, cl::OneOrMore,
                                    cl::desc("FILE-OR-FOLDER..."));
static cl::opt<unsigned> times("count", cl::init(1000),
                               cl::desc("How many damaged models"));
static cl::opt<unsigned> seed("seed", cl::init(1), cl::desc("Of all choices"));
static cl::opt<unsigned> maxBytes("max-bytes", cl::init(1 << 20),
                                  cl::desc("Larger models are left out"));

namespace {
constexpr unsigned kSeconds = 20;

/// What a dying process says.
char lastWords[4096];

void die(int signal) {
  ssize_t written = write(1, lastWords, strlen(lastWords));
  (void)written;
  _exit(128 + signal);
}

class Damage {
public:
  explicit Damage(unsigned seed) : random(seed) {}

  size_t below(size_t bound) { return bound ? random() % bound : 0; }

  std::string bytes(std::string data, const std::string &other) {
    for (size_t n = 1 + below(4); n-- && !data.empty();) {
      size_t at = below(data.size());
      size_t length = std::min(data.size() - at, size_t(1) + below(16));
      switch (below(6)) {
      case 0:
        data[at] ^= char(1 << below(8));
        break;
      case 1:
        data[at] = char(interesting());
        break;
      case 2:
        data.erase(at, length);
        break;
      case 3:
        data.insert(at, data.substr(below(data.size()), length));
        break;
      case 4:
        data.replace(at, length, other.substr(below(other.size()), length));
        break;
      case 5:
        data.resize(at);
        break;
      }
    }
    return data;
  }

  /// Well-formed nonsense: it gets further than damaged bytes.
  std::string fields(const std::string &data) {
    ::onnx::ModelProto model;
    if (!model.ParseFromString(data) || model.graph().node_size() == 0)
      return bytes(data, data);
    ::onnx::GraphProto &graph = *model.mutable_graph();
    for (size_t n = 1 + below(3); n--;)
      field(model, graph);
    return model.SerializeAsString();
  }

private:
  int64_t interesting() {
    static const int64_t values[] = {0,         1,         -1,        2,
                                     -2,        7,         64,        127,
                                     255,       65535,     INT32_MAX, INT32_MIN,
                                     INT64_MAX, INT64_MIN, 1 << 30,   -65536};
    return values[below(std::size(values))];
  }

  void field(::onnx::ModelProto &model, ::onnx::GraphProto &graph) {
    auto &node = *graph.mutable_node(int(below(graph.node_size())));
    auto &other = *graph.mutable_node(int(below(graph.node_size())));
    switch (below(11)) {
    case 0:
      if (node.attribute_size()) {
        auto &attribute =
            *node.mutable_attribute(int(below(node.attribute_size())));
        if (attribute.has_t())
          tensor(*attribute.mutable_t());
        else if (attribute.ints_size())
          attribute.set_ints(int(below(attribute.ints_size())), interesting());
        else if (attribute.has_f())
          attribute.set_f(float(interesting()));
        else
          attribute.set_i(interesting());
      }
      break;
    case 1:
      if (node.input_size())
        node.set_input(int(below(node.input_size())),
                       other.output_size() ? other.output(0) : "");
      break;
    case 2:
      if (node.input_size())
        node.set_input(int(below(node.input_size())), "");
      break;
    case 3:
      node.set_op_type(other.op_type());
      break;
    case 4:
      if (node.input_size())
        node.mutable_input()->RemoveLast();
      break;
    case 5:
      if (graph.initializer_size())
        tensor(
            *graph.mutable_initializer(int(below(graph.initializer_size()))));
      break;
    case 6:
      if (graph.input_size()) {
        auto *type = graph.mutable_input(int(below(graph.input_size())))
                         ->mutable_type()
                         ->mutable_tensor_type();
        if (type->shape().dim_size() && below(2))
          type->mutable_shape()
              ->mutable_dim(int(below(type->shape().dim_size())))
              ->set_dim_value(interesting());
        else
          type->set_elem_type(int(below(17)));
      }
      break;
    case 7:
      for (auto &import : *model.mutable_opset_import())
        import.set_version(int64_t(below(20)));
      break;
    case 8:
      if (node.attribute_size())
        node.mutable_attribute()->RemoveLast();
      break;
    case 9:
      node.add_input(other.input_size() ? other.input(0) : "");
      break;
    case 10: { // A list of a shape's dimensions, as data.
      if (graph.initializer_size()) {
        auto &values =
            *graph.mutable_initializer(int(below(graph.initializer_size())));
        if (values.data_type() == ::onnx::TensorProto::INT64 &&
            values.raw_data().size() >= 8) {
          int64_t value = interesting();
          size_t at = below(values.raw_data().size() / 8) * 8;
          values.mutable_raw_data()->replace(
              at, 8, std::string(reinterpret_cast<char *>(&value), 8));
        }
      }
      break;
    }
    }
  }

  void tensor(::onnx::TensorProto &tensor) {
    switch (below(4)) {
    case 0:
      if (tensor.dims_size())
        tensor.set_dims(int(below(tensor.dims_size())), interesting());
      break;
    case 1:
      tensor.set_data_type(int(below(17)));
      break;
    case 2:
      tensor.add_dims(interesting());
      break;
    case 3:
      if (tensor.has_raw_data())
        tensor.set_raw_data(bytes(tensor.raw_data(), tensor.raw_data()));
      break;
    }
  }

  std::mt19937 random;
};

void collect(StringRef place, std::vector<std::string> &paths) {
  if (!fs::is_directory(place)) {
    paths.push_back(place.str());
    return;
  }
  std::error_code error;
  for (fs::recursive_directory_iterator it(place, error), end;
       it != end && !error; it.increment(error))
    if (StringRef(it->path()).ends_with("model.onnx"))
      paths.push_back(it->path());
}
} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "Damaged models\n");
  std::vector<std::string> paths, seeds;
  for (const std::string &place : places)
    collect(place, paths);
  llvm::sort(paths);
  for (const std::string &path : paths)
    if (auto buffer = MemoryBuffer::getFile(path);
        buffer && (*buffer)->getBufferSize() <= maxBytes)
      seeds.push_back((*buffer)->getBuffer().str());
  if (seeds.empty()) {
    errs() << "import-fuzz: no models\n";
    return 1;
  }
  SmallString<128> scratch;
  if (fs::createUniqueDirectory("import-fuzz", scratch))
    return 1;
  std::string path = (scratch + "/damaged.onnx").str();
  for (int signal : {SIGSEGV, SIGABRT, SIGALRM, SIGFPE, SIGILL, SIGBUS})
    std::signal(signal, die);

  unsigned refused = 0;
  for (unsigned i = 0; i < times; ++i) {
    Damage damage(seed + i);
    const std::string &source = seeds[damage.below(seeds.size())];
    const std::string &other = seeds[damage.below(seeds.size())];
    std::string data =
        damage.below(3) ? damage.fields(source) : damage.bytes(source, other);
    {
      std::error_code error;
      raw_fd_ostream out(path, error);
      out << data;
    }
    snprintf(lastWords, sizeof lastWords,
             "FAILED seed %u: the model is in %s\n", seed + i, path.c_str());
    alarm(kSeconds);
    mlir::DialectRegistry registry;
    mlir::bnn::registerAllDialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    unsigned errors = 0;
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) {
      errors += d.getSeverity() == mlir::DiagnosticSeverity::Error;
      return mlir::success();
    });
    mlir::bnn::CompileOptions options;
    options.input = path;
    auto module =
        mlir::bnn::compileToPhase(options, mlir::bnn::Phase::Raise, context);
    alarm(0);
    if (!module && !errors) {
      outs() << "FAILED seed " << seed + i
             << ": refused without an error: " << path << '\n';
      return 1;
    }
    refused += !module;
  }
  fs::remove_directories(scratch);
  outs() << times << " damaged models: " << refused << " refused, "
         << times - refused << " compiled\n";
  return 0;
}
