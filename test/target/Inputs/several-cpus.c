/* Runs the model `both` and says for which CPU the code was that ran, and the
 * bytes that it computed. */
#include "both.h"

#include <stdio.h>
#include <string.h>

enum { rows = 2, columns = 9, classes = 2 };

static _Alignas(BOTH_WORKSPACE_ALIGNMENT) char workspace
    [BOTH_WORKSPACE_SIZE ? BOTH_WORKSPACE_SIZE : 1];

int main(void) {
  const bnn_model_info *info = both_describe(BNN_ABI_VERSION);
  int64_t ids[rows * columns], mask[rows * columns], types[rows * columns];
  float logits[rows * classes] = {0};
  bnn_tensor inputs[3] = {{ids, {rows, columns}},
                          {mask, {rows, columns}},
                          {types, {rows, columns}}};
  bnn_tensor outputs[1] = {{logits, {0}}};
  int i;
  for (i = 0; i < rows * columns; ++i) {
    ids[i] = 1 + i;
    mask[i] = i % columns < 7;
    types[i] = 0;
  }
  if (both_run(inputs, outputs, workspace, NULL) != BNN_OK)
    return 1;
  /* The table is that of the code that runs, and has room in the header's. */
  if (info->workspace_size != both_workspace_size() ||
      info->workspace_size > BOTH_WORKSPACE_SIZE)
    return 1;
  printf("%s", info->target_cpu);
  for (i = 0; i < rows * classes; ++i) {
    uint32_t bits;
    memcpy(&bits, &logits[i], sizeof bits);
    printf(" %08x", (unsigned)bits);
  }
  printf("\n");
  memset(logits, 0, sizeof logits);
  return info->run(inputs, outputs, workspace, NULL) != BNN_OK;
}
