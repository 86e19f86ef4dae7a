// A pass that says how many attentions a module has.
#pragma once

/// Registers `--count-attention`.
void registerCountAttention();
