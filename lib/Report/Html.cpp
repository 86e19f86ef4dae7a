//===- Html.cpp -===//
#include "lib/Report/Report.h"
namespace bnn {
void writeHtmlReport(const ModelReport &report, llvm::raw_ostream &out) {
  out << summarize(report) << '\n';
}
} // namespace bnn
