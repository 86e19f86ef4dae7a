// Arithmetic, comparison and selection.
#include "passes/OnnxFold/EvalSupport.h"

using namespace mlir;
using namespace mlir::bnn::onnx;

namespace mlir::bnn {
namespace {
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
} // namespace

EvalTensorPtr evaluateCast(EvalTensorPtr &x, Type to) {
  if (x->element == to)
    return x;
  EvalTensorPtr y = EvalTensor::allocate(to, x->shape);
  int64_t size = y->numElements();
  auto from = [&](auto zero) {
    using From = decltype(zero);
    const From *in = x->as<From>();
    if (to.isInteger(1)) {
      for (int64_t i = 0; i < size; ++i)
        y->mutableAs<uint8_t>()[i] = in[i] != From(0);
      return true;
    }
    return dispatch(to, [&](auto target) {
      return convertAll(in, y->mutableAs<decltype(target)>(), size);
    });
  };
  bool done =
      x->element.isInteger(1) ? from(uint8_t()) : dispatch(x->element, from);
  return done ? y : nullptr;
}

bool Evaluator::arithmetic() {
  auto compare = [&](auto f) {
    auto go = [&](auto zero) {
      using T = decltype(zero);
      y = zip<T, uint8_t>(in[0], in[1], element, shape,
                          [&](T a, T b) { return uint8_t(f(a, b)); });
      return true;
    };
    if (from.isInteger(1))
      go(uint8_t());
    else
      dispatch(from, go);
  };
  auto fold = [&](auto f) {
    dispatch(element, [&](auto zero) {
      using T = decltype(zero);
      y = in[0];
      for (size_t i = 1; i < in.size(); ++i) {
        // The common shape so far; the last one is the result's.
        SmallVector<int64_t> wide;
        size_t rank = std::max(y->shape.size(), in[i]->shape.size());
        for (size_t axis = 0; axis < rank; ++axis) {
          auto sizeOf = [&](const EvalTensor &x) {
            return axis + x.shape.size() < rank
                       ? int64_t(1)
                       : x.shape[axis + x.shape.size() - rank];
          };
          int64_t a = sizeOf(*y), b = sizeOf(*in[i]);
          wide.push_back(a == 1 ? b : a);
        }
        EvalTensorPtr next = zip<T, T>(y, in[i], element, wide, f);
        y = next;
      }
      return true;
    });
  };
  bool known = true;
  llvm::TypeSwitch<Operation *>(op)
      .Case<AddOp>([&](Operation *) { binary(AddF()); })
      .Case<SubOp>([&](Operation *) { binary(SubF()); })
      .Case<MulOp>([&](Operation *) { binary(MulF()); })
      .Case<DivOp>([&](Operation *) {
        if (!isa<FloatType>(element))
          for (int64_t i = 0, e = in[1]->numElements(); i < e; ++i)
            // -1 overflows for the smallest integer.
            if (in[1]->integerAt(i) == 0 || in[1]->integerAt(i) == -1)
              return;
        binary([](auto a, auto b) { return a / b; });
      })
      .Case<PowOp>([&](Operation *) {
        if (!isa<FloatType>(element)) {
          // In double, as long as that is exact.
          Type wide = Float64Type::get(op->getContext());
          EvalTensorPtr a = evaluateCast(in[0], wide);
          EvalTensorPtr b = evaluateCast(in[1], wide);
          if (!a || !b)
            return;
          EvalTensorPtr power =
              zip<double, double>(a, b, wide, shape, [](double x, double e) {
                return std::pow(x, e);
              });
          for (int64_t i = 0, e = power->numElements(); i < e; ++i)
            if (!(std::fabs(power->as<double>()[i]) < 0x1p53))
              return;
          y = evaluateCast(power, element);
          return;
        }
        if (!(in[1] = evaluateCast(in[1], element)))
          return;
        binary([](auto a, auto b) -> decltype(a) {
          // Squares are what exporters write; they are exactly rounded.
          if (b == 2)
            return a * a;
          return decltype(a)(std::pow(double(a), double(b)));
        });
      })
      .Case<MaxOp>([&](Operation *) { fold(MaxF()); })
      .Case<MinOp>([&](Operation *) { fold(MinF()); })
      .Case<AndOp>([&](Operation *) { compare(std::logical_and<>()); })
      .Case<OrOp>([&](Operation *) { compare(std::logical_or<>()); })
      .Case<EqualOp>([&](Operation *) { compare(std::equal_to<>()); })
      .Case<GreaterOp>([&](Operation *) { compare(std::greater<>()); })
      .Case<GreaterOrEqualOp>(
          [&](Operation *) { compare(std::greater_equal<>()); })
      .Case<LessOp>([&](Operation *) { compare(std::less<>()); })
      .Case<LessOrEqualOp>([&](Operation *) { compare(std::less_equal<>()); })
      .Case<NotOp>([&](Operation *) {
        y = map<uint8_t, uint8_t>(in[0], element,
                                  [](uint8_t v) { return uint8_t(!v); });
      })
      .Case<NegOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) {
            return std::is_integral_v<T> ? SubF()(T(0), v) : T(-v);
          });
          return true;
        });
      })
      .Case<AbsOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) {
            if constexpr (std::is_integral_v<T>)
              return v < 0 ? SubF()(T(0), v) : v;
            else
              return std::fabs(v);
          });
          return true;
        });
      })
      .Case<SignOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) {
            return v != v ? v : T(int(v > 0) - int(v < 0));
          });
          return true;
        });
      })
      .Case<ReluOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          y = map<T, T>(in[0], element, [](T v) { return v < 0 ? T(0) : v; });
          return true;
        });
      })
      .Case<XorOp>([&](Operation *) { compare(std::not_equal_to<>()); })
      .Case<SumOp>([&](Operation *) { fold(AddF()); })
      .Case<MeanOp>([&](Operation *) {
        double count = double(in.size());
        fold(AddF());
        if (y)
          dispatchFloat(element, [&](auto zero) {
            using T = decltype(zero);
            EvalTensorPtr sum = std::move(y);
            y = map<T, T>(sum, element, [&](T v) { return v / T(count); });
            return true;
          });
      })
      .Case<PReluOp>([&](Operation *) {
        binary([](auto x, auto slope) { return x < 0 ? slope * x : x; });
      })
      .Case<ClipOp>([&](Operation *) {
        dispatch(element, [&](auto zero) {
          using T = decltype(zero);
          bool hasMin = bool(in[1]), hasMax = bool(in[2]);
          T min = hasMin ? in[1]->as<T>()[0] : T(0);
          T max = hasMax ? in[2]->as<T>()[0] : T(0);
          y = map<T, T>(in[0], element, [=](T v) {
            if (hasMin && v < min)
              v = min;
            if (hasMax && max < v)
              v = max;
            return v;
          });
          return true;
        });
      })
      .Case<WhereOp>([&](Operation *) {
        y = EvalTensor::allocate(element, shape);
        Broadcast walk(shape, {in[0].get(), in[1].get(), in[2].get()});
        ArrayRef<int64_t> steps = walk.strides.back();
        dispatchWidth(element, [&](auto zero) {
          using T = decltype(zero);
          walk.forEachRow([&](int64_t at, ArrayRef<int64_t> offsets) {
            const uint8_t *condition = in[0]->as<uint8_t>() + offsets[0];
            const T *x = in[1]->as<T>() + offsets[1];
            const T *z = in[2]->as<T>() + offsets[2];
            T *out = y->mutableAs<T>() + at;
            for (int64_t i = 0; i < walk.sizes.back(); ++i)
              out[i] =
                  condition[i * steps[0]] ? x[i * steps[1]] : z[i * steps[2]];
          });
        });
      })
      .Case<CastOp>([&](Operation *) { y = evaluateCast(in[0], element); })
      .Default([&](Operation *) { known = false; });
  return known;
}
} // namespace mlir::bnn
