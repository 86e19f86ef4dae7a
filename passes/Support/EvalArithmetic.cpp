//===- EvalArithmetic.cpp - Arithmetic that is the same everywhere --------===//
//
// Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every operation here is exact, or one operation of IEEE 754, rounded once:
// the lowering computes the same bits, and this computes them in the operand's
// memory, as fast as weights can be read.
//
//===----------------------------------------------------------------------===//
#include "dialects/ONNX/HalfFloats.h"
#include "passes/Support/Evaluation.h"

using namespace mlir;
using namespace mlir::bnn;
using namespace mlir::bnn::onnx;

namespace {

/// One operation on integers, which wrap, or on floats.
struct AddF {
  template <typename T> T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(std::make_unsigned_t<T>(a) + std::make_unsigned_t<T>(b));
    else
      return withOneNaN(a + b);
  }
};
struct SubF {
  template <typename T> T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(std::make_unsigned_t<T>(a) - std::make_unsigned_t<T>(b));
    else
      return withOneNaN(a - b);
  }
};
struct MulF {
  template <typename T> T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return T(std::make_unsigned_t<T>(a) * std::make_unsigned_t<T>(b));
    else
      return withOneNaN(a * b);
  }
};
struct DivF {
  template <typename T> T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T>)
      return a / b;
    else
      return withOneNaN(a / b);
  }
};
struct NegF {
  template <typename T> T operator()(T v) const {
    if constexpr (std::is_integral_v<T>)
      return SubF()(T(0), v);
    else
      return withOneNaN(-v);
  }
};
struct AbsF {
  template <typename T> T operator()(T v) const {
    if constexpr (std::is_integral_v<T>)
      return v < 0 ? SubF()(T(0), v) : v;
    else
      return withOneNaN(std::fabs(v));
  }
};
/// 0 for NaN.
struct SignF {
  template <typename T> T operator()(T v) const {
    return T(int(v > 0) - int(v < 0));
  }
};

/// y = f(x), on numbers.
template <typename F> EvalTensorPtr unary(Evaluation &e, F f) {
  EvalTensorPtr y;
  dispatch(e.element, [&](auto zero) {
    using T = decltype(zero);
    y = map<T, T>(e.in[0], e.element, f);
    return true;
  });
  return y;
}

/// y = f(a, b), on numbers.
template <typename F> EvalTensorPtr binary(Evaluation &e, F f) {
  EvalTensorPtr y;
  dispatch(e.element, [&](auto zero) {
    using T = decltype(zero);
    y = zip<T, T>(e.in[0], e.in[1], e.element, e.shape, f);
    return true;
  });
  return y;
}

/// y = f(a, b), on numbers or booleans; y is boolean.
template <typename F> EvalTensorPtr compare(Evaluation &e, F f) {
  EvalTensorPtr y;
  auto go = [&](auto zero) {
    using T = decltype(zero);
    y = zip<T, uint8_t>(e.in[0], e.in[1], e.element, e.shape,
                        [&](T a, T b) { return uint8_t(f(a, b)); });
    return true;
  };
  Type from = e.in[0]->element;
  if (from.isInteger(1))
    go(uint8_t());
  else
    dispatch(from, go);
  return y;
}

EvalTensorPtr divide(Evaluation &e) {
  if (!isa<FloatType>(e.element))
    for (int64_t i = 0, n = e.in[1]->numElements(); i < n; ++i)
      // C++ has no such quotient; -1 overflows for the smallest integer.
      if (e.in[1]->integerAt(i) == 0 || e.in[1]->integerAt(i) == -1)
        return nullptr;
  return binary(e, DivF());
}

/// Float to integer, only where the integer exists.
template <typename From, typename To>
bool convertAll(const From *in, To *out, int64_t size) {
  for (int64_t i = 0; i < size; ++i) {
    if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      constexpr double low = double(std::numeric_limits<To>::min());
      constexpr double beyond =
          2 * double(std::numeric_limits<To>::max() / 2 + 1);
      double value = std::trunc(double(in[i]));
      if (!(value >= low && value < beyond))
        return false;
    }
    out[i] = To(in[i]);
  }
  return true;
}

EvalTensorPtr roundToHalf(RoundToHalfOp op, Evaluation &e) {
  EvalTensorPtr y;
  const Type format = op.getFormat();
  dispatchFloat(e.in[0]->element, [&](auto zero) {
    using T = decltype(zero);
    y = map<T, float>(e.in[0], e.element, [&](T v) {
      return bnn::onnx::roundToHalf(double(v), format);
    });
    return true;
  });
  return y;
}

/// To f16 or bf16, from f32; or the other way.
EvalTensorPtr castHalves(Evaluation &e) {
  EvalTensorPtr &x = e.in[0];
  EvalTensorPtr y = e.allocate();
  if (x->element.isF32()) {
    for (int64_t i = 0, n = y->numElements(); i < n; ++i)
      y->mutableAs<uint16_t>()[i] = narrowToHalf(x->as<float>()[i], e.element);
    return y;
  }
  if (!e.element.isF32())
    return nullptr;
  for (int64_t i = 0, n = y->numElements(); i < n; ++i)
    y->mutableAs<float>()[i] = widenHalf(x->as<uint16_t>()[i], x->element);
  return y;
}

EvalTensorPtr castElements(Evaluation &e) {
  EvalTensorPtr &x = e.in[0];
  if (x->element == e.element)
    return x;
  if (isHalf(x->element) || isHalf(e.element))
    return castHalves(e);
  EvalTensorPtr y = EvalTensor::allocate(e.element, x->shape);
  int64_t size = y->numElements();
  auto from = [&](auto zero) {
    using From = decltype(zero);
    const From *in = x->as<From>();
    if (e.element.isInteger(1)) {
      for (int64_t i = 0; i < size; ++i)
        y->mutableAs<uint8_t>()[i] = in[i] != From(0);
      return true;
    }
    return dispatch(e.element, [&](auto target) {
      return convertAll(in, y->mutableAs<decltype(target)>(), size);
    });
  };
  bool done =
      x->element.isInteger(1) ? from(uint8_t()) : dispatch(x->element, from);
  return done ? y : nullptr;
}

} // namespace

EvalTensorPtr bnn::evaluateExactly(Evaluation &e) {
  return llvm::TypeSwitch<Operation *, EvalTensorPtr>(e.op)
      .Case([&](AddOp) { return binary(e, AddF()); })
      .Case([&](SubOp) { return binary(e, SubF()); })
      .Case([&](MulOp) { return binary(e, MulF()); })
      .Case([&](DivOp) { return divide(e); })
      .Case([&](NegOp) { return unary(e, NegF()); })
      .Case([&](AbsOp) { return unary(e, AbsF()); })
      .Case([&](SignOp) { return unary(e, SignF()); })
      .Case([&](AndOp) { return compare(e, std::logical_and<>()); })
      .Case([&](OrOp) { return compare(e, std::logical_or<>()); })
      .Case([&](XorOp) { return compare(e, std::not_equal_to<>()); })
      .Case([&](EqualOp) { return compare(e, std::equal_to<>()); })
      .Case([&](GreaterOp) { return compare(e, std::greater<>()); })
      .Case(
          [&](GreaterOrEqualOp) { return compare(e, std::greater_equal<>()); })
      .Case([&](LessOp) { return compare(e, std::less<>()); })
      .Case([&](LessOrEqualOp) { return compare(e, std::less_equal<>()); })
      .Case([&](CastOp) { return castElements(e); })
      .Case([&](RoundToHalfOp op) { return roundToHalf(op, e); })
      .Default([](Operation *) { return EvalTensorPtr(); });
}
