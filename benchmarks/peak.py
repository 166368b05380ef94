"""The largest number of multiply-adds per second of one core: a loop of multiply-adds in registers."""

import ctypes
from collections.abc import Callable

import llvmlite.binding as llvm

#: Independent sums. Two units with a latency of four cycles need eight.
CHAINS = 10
#: The number whose square is summed. The sums are exact, and they are neither infinite nor denormal.
VALUE = 2.0**-10
#: Number of iterations in a call. They take some milliseconds.
ROUNDS = 500_000


def lanes() -> int:
    """Return the float32 lanes of this processor's widest registers."""
    features = llvm.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx") else 4


def multiply_adds() -> int:
    """Return the number of multiply-adds in a call of `loop`."""
    return ROUNDS * CHAINS * lanes()


def _source() -> str:
    kind = f"<{lanes()} x float>"
    chains = range(CHAINS)
    sums = "\n".join(f"  %s{c} = phi {kind} [ %start, %entry ], [ %n{c}, %loop ]" for c in chains)
    steps = "\n".join(
        f"  %n{c} = call {kind} @llvm.fma.v{lanes()}f32({kind} %start, {kind} %start, {kind} %s{c})"
        for c in chains
    )
    total = "\n".join(f"  %t{c} = fadd {kind} %t{c - 1}, %n{c}" for c in chains[1:])
    return f"""
declare {kind} @llvm.fma.v{lanes()}f32({kind}, {kind}, {kind})
define float @loop(float %value, i64 %rounds) {{
entry:
  %one = insertelement {kind} undef, float %value, i32 0
  %start = shufflevector {kind} %one, {kind} undef, <{lanes()} x i32> zeroinitializer
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
{sums}
{steps}
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  %t0 = fadd {kind} %n0, zeroinitializer
{total}
  %result = extractelement {kind} %t{CHAINS - 1}, i32 0
  ret float %result
}}
"""


def loop() -> Callable[[], object]:
    """Compile the loop, and return a function that calls it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
    )
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(_source()), machine)
    engine.finalize_object()
    function = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float, ctypes.c_int64)(
        engine.get_function_address("loop")
    )

    def call(owner: object = engine) -> object:  # the engine owns the code
        return function(VALUE, ROUNDS)

    return call
