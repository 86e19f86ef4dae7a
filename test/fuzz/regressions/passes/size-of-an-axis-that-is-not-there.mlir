// bnn-check-bounds
"builtin.module"() ({
  "func.func"() <{function_type = (memref<3xi8>) -> (), sym_name = ""}> ({
  ^bb0(%arg0: memref<3xi8>):
    %0 = "arith.constant"() <{value = -2 : index}> : () -> index
    %1 = "memref.dim"(%arg0, %0) : (memref<3xi8>, index) -> index
    %2 = "arith.cmpi"(%1, %0) <{predicate = 1 : i64}> : (index, index) -> i1
    "scf.if"(%2) ({
      %3 = "vector.load"(%arg0, %1) : (memref<3xi8>, index) -> vector<4xi8>
      "scf.yield"() : () -> ()
    }, {
    }) : (i1) -> ()
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
