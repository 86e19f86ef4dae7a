//===- Text.cpp -===//
#include "lib/Report/Report.h"
namespace bnn {
void writeTextReport(const ModelReport &report, llvm::raw_ostream &out) {
  out << summarize(report) << '\n';
}
} // namespace bnn
