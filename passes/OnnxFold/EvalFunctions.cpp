// Functions of one number, and quantisation.
#include "passes/OnnxFold/EvalSupport.h"

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
namespace {
/// Half to even, whatever the rounding mode of the thread.
template <typename T> T roundHalfEven(T x) {
  T floor = std::floor(x), fraction = x - floor;
  if (fraction < T(0.5) || std::isnan(x) || std::isinf(x))
    return fraction == T(0) || std::isnan(x) || std::isinf(x)
               ? x
               : std::copysign(floor, x);
  if (fraction > T(0.5))
    return std::copysign(floor + 1, x);
  T even = std::fmod(floor, T(2)) == 0 ? floor : floor + 1;
  return std::copysign(even, x);
}
} // namespace

bool Evaluator::functions() {
  // The place in the scales of each element: they lie along one axis.
  auto forEachScale = [&](int64_t axis, auto f) {
    int64_t inner = 1, count = in[1]->numElements();
    if (axis < 0)
      axis += in[0]->shape.size();
    for (int64_t i = axis + 1; i < int64_t(in[0]->shape.size()); ++i)
      inner *= in[0]->shape[i];
    if (count != 1 &&
        (axis >= int64_t(in[0]->shape.size()) || count != in[0]->shape[axis]))
      return;
    for (int64_t i = 0, e = in[0]->numElements(); i < e; ++i)
      f(i, i / inner % count);
  };
  auto quantize = [&](int64_t axis) {
    if (!in[0]->element.isF32() || !in[1]->element.isF32())
      return;
    y = EvalTensor::allocate(element, shape);
    bool isSigned = element.isSignlessInteger(8);
    forEachScale(axis, [&](int64_t i, int64_t k) {
      float scaled =
          roundHalfEven(in[0]->as<float>()[i] / in[1]->as<float>()[k]);
      double value = double(scaled) + double(in[2] ? in[2]->integerAt(k) : 0);
      value = std::isnan(value) ? 0.0 : value;
      value =
          std::clamp(value, isSigned ? -128.0 : 0.0, isSigned ? 127.0 : 255.0);
      y->mutableAs<uint8_t>()[i] = uint8_t(int64_t(value));
    });
  };
  auto dequantize = [&](int64_t axis) {
    if (!element.isF32())
      return;
    y = EvalTensor::allocate(element, shape);
    forEachScale(axis, [&](int64_t i, int64_t k) {
      int64_t value = in[0]->integerAt(i);
      if (in[2])
        value -= in[2]->integerAt(k);
      y->mutableAs<float>()[i] = float(value) * in[1]->as<float>()[k];
    });
  };
  bool known = true;
  llvm::TypeSwitch<Operation *>(op)
      .Case<SqrtOp>(
          [&](Operation *) { floatMap([](auto v) { return std::sqrt(v); }); })
      .Case<ReciprocalOp>([&](Operation *) {
        floatMap([](auto v) { return decltype(v)(1) / v; });
      })
      .Case<ExpOp>(
          [&](Operation *) { floatMap([](double v) { return std::exp(v); }); })
      .Case<LogOp>(
          [&](Operation *) { floatMap([](double v) { return std::log(v); }); })
      .Case<ErfOp>(
          [&](Operation *) { floatMap([](double v) { return std::erf(v); }); })
      .Case<TanhOp>(
          [&](Operation *) { floatMap([](double v) { return std::tanh(v); }); })
      .Case<SigmoidOp>([&](Operation *) {
        floatMap([](double v) { return 1 / (1 + std::exp(-v)); });
      })
      .Case<RoundOp>([&](Operation *) {
        floatMap([](auto v) { return roundHalfEven(v); });
      })
      .Case<FloorOp>(
          [&](Operation *) { floatMap([](auto v) { return std::floor(v); }); })
      .Case<CeilOp>(
          [&](Operation *) { floatMap([](auto v) { return std::ceil(v); }); })
      .Case<LeakyReluOp>([&](LeakyReluOp o) {
        double alpha = o.getAlpha().convertToFloat();
        floatMap([=](double v) { return v < 0 ? alpha * v : v; });
      })
      .Case<EluOp>([&](EluOp o) {
        double alpha = o.getAlpha().convertToFloat();
        floatMap([=](double v) { return v < 0 ? alpha * std::expm1(v) : v; });
      })
      .Case<CeluOp>([&](CeluOp o) {
        double alpha = o.getAlpha().convertToFloat();
        floatMap([=](double v) {
          return v < 0 ? alpha * std::expm1(v / alpha) : v;
        });
      })
      .Case<SeluOp>([&](SeluOp o) {
        double alpha = o.getAlpha().convertToFloat();
        double gamma = o.getGamma().convertToFloat();
        floatMap([=](double v) {
          return gamma * (v <= 0 ? alpha * std::expm1(v) : v);
        });
      })
      .Case<HardSigmoidOp>([&](HardSigmoidOp o) {
        double alpha = o.getAlpha().convertToFloat();
        double beta = o.getBeta().convertToFloat();
        floatMap([=](double v) {
          return MaxF()(0.0, MinF()(1.0, alpha * v + beta));
        });
      })
      .Case<HardSwishOp>([&](Operation *) {
        floatMap(
            [](double v) { return v * MaxF()(0.0, MinF()(1.0, v / 6 + 0.5)); });
      })
      .Case<SoftplusOp>([&](Operation *) {
        floatMap([](double v) {
          return MaxF()(v, 0.0) + std::log1p(std::exp(-std::fabs(v)));
        });
      })
      .Case<SoftsignOp>([&](Operation *) {
        floatMap([](auto v) { return v / (1 + std::fabs(v)); });
      })
      .Case<ThresholdedReluOp>([&](ThresholdedReluOp o) {
        double alpha = o.getAlpha().convertToFloat();
        floatMap([=](double v) { return v > alpha ? v : 0.0; });
      })
      .Case<IsNaNOp>([&](Operation *) {
        dispatchFloat(from, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, uint8_t>(in[0], element,
                              [](T v) { return uint8_t(v != v); });
          return true;
        });
      })
      .Case<IsInfOp>([&](IsInfOp o) {
        bool negative = o.getDetectNegative(), positive = o.getDetectPositive();
        dispatchFloat(from, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, uint8_t>(in[0], element, [&](T v) {
            return uint8_t(std::isinf(v) && (v < 0 ? negative : positive));
          });
          return true;
        });
      })
      .Case<QuantizeLinearOp>(
          [&](QuantizeLinearOp o) { quantize(int64_t(o.getAxis())); })
      .Case<DequantizeLinearOp>(
          [&](DequantizeLinearOp o) { dequantize(int64_t(o.getAxis())); })
      .Default([&](Operation *) { known = false; });
  return known;
}
} // namespace mlir::bnn
