// bnn-phase-tile
"builtin.module"() ({
  "func.func"() <{function_type = (memref<1x?x!bnn.s1, #bnn.rows<word = 32, group = 40>>, memref<1x?xi8, #bnn.rows<word = 32, group = 40>>, memref<?x?x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 40, out_group = 40>>, memref<1x?x!bnn.s1, #bnn.rows<word = 32, group = 40>>, memref<1x?xi8, #bnn.rows<word = 32, group = 40>>) -> (), sym_name = ""}> ({
  ^bb0(%arg0: memref<1x?x!bnn.s1, #bnn.rows<word = 32, group = 40>>, %arg1: memref<1x?xi8, #bnn.rows<word = 32, group = 40>>, %arg2: memref<?x?x!bnn.s1, #bnn.panels<lanes = 16, word = 32, group = 40, out_group = 40>>, %arg3: memref<1x?x!bnn.s1, #bnn.rows<word = 32, group = 40>>, %arg4: memref<1x?xi8, #bnn.rows<word = 32, group = 40>>):
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
