// Matrix products.
#include "passes/OnnxFold/EvalSupport.h"

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
namespace {
/// y = a * b for one pair of matrices given by element strides; sums in double.
template <typename T>
void multiply(const T *a, int64_t aRow, int64_t aColumn, const T *b,
              int64_t bRow, int64_t bColumn, T *y, int64_t m, int64_t n,
              int64_t k) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      SumOf<T> sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += SumOf<T>(a[i * aRow + l * aColumn]) *
               SumOf<T>(b[l * bRow + j * bColumn]);
      y[i * n + j] = T(sum);
    }
}

EvalTensorPtr evaluateMatMul(const EvalTensor &a, const EvalTensor &b,
                             ArrayRef<int64_t> shape, Type element) {
  int64_t k = a.shape.back();
  int64_t m = a.shape.size() == 1 ? 1 : a.shape[a.shape.size() - 2];
  int64_t n = b.shape.size() == 1 ? 1 : b.shape.back();
  EvalTensorPtr y = EvalTensor::allocate(element, shape);
  if (y->numElements() == 0)
    return y;
  if (k && y->numElements() > (int64_t(1) << 33) / k)
    return nullptr;
  // Walk the batches: every matrix counts as one element.
  auto batchOf = [](const EvalTensor &x) {
    EvalTensor batch;
    if (x.shape.size() > 2)
      batch.shape.assign(x.shape.begin(), x.shape.end() - 2);
    return batch;
  };
  EvalTensor batchA = batchOf(a), batchB = batchOf(b);
  SmallVector<int64_t> batchShape(shape.begin(), shape.end());
  batchShape.truncate(shape.size() - (a.shape.size() > 1) -
                      (b.shape.size() > 1));
  bool done = dispatch(element, [&](auto zero) {
    using T = decltype(zero);
    Broadcast walk(batchShape, {&batchA, &batchB});
    int64_t size = walk.sizes.back();
    ArrayRef<int64_t> steps = walk.strides.back();
    walk.forEachRow([&](int64_t at, ArrayRef<int64_t> offsets) {
      for (int64_t i = 0; i < size; ++i)
        multiply(a.as<T>() + (offsets[0] + i * steps[0]) * m * k, k, 1,
                 b.as<T>() + (offsets[1] + i * steps[1]) * k * n, n, 1,
                 y->mutableAs<T>() + (at + i) * m * n, m, n, k);
    });
    return true;
  });
  return done ? y : nullptr;
}
} // namespace

bool Evaluator::products() {
  bool known = true;
  llvm::TypeSwitch<Operation *>(op)
      .Case<MatMulOp>([&](Operation *) {
        y = evaluateMatMul(*in[0], *in[1], shape, element);
      })
      .Case<GemmOp>([&](GemmOp gemm) {
        dispatchFloat(element, [&](auto zero) {
          using T = decltype(zero);
          int64_t m = shape[0], n = shape[1];
          int64_t k = in[0]->shape[gemm.getTransA() ? 0 : 1];
          if (k && m * n > (int64_t(1) << 33) / k)
            return false;
          y = EvalTensor::allocate(element, shape);
          T *out = y->mutableAs<T>();
          multiply(in[0]->as<T>(), gemm.getTransA() ? 1 : k,
                   gemm.getTransA() ? m : 1, in[1]->as<T>(),
                   gemm.getTransB() ? 1 : n, gemm.getTransB() ? k : 1, out, m,
                   n, k);
          T alpha = gemm.getAlpha().convertToFloat();
          T beta = gemm.getBeta().convertToFloat();
          EvalTensorPtr c = in[2] ? expanded(*in[2], shape) : nullptr;
          for (int64_t i = 0; i < m * n; ++i) {
            out[i] = alpha * out[i];
            if (c)
              out[i] = out[i] + beta * c->as<T>()[i];
          }
          return true;
        });
      })
      .Default([&](Operation *) { known = false; });
  return known;
}
} // namespace mlir::bnn
