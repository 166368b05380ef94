"""Which samples a sum can be taken about: what all samples of a window are compared with."""

from llvmlite import ir

from imfilter._simd.vector import call_llvm, mangle

#: Samples beyond this are no reference: a sample less a reference must not overflow.
_LARGEST = {"f32": 2.0**102, "f64": 2.0**968}


def fits_reference(builder, samples):
    """Tell which lanes can be a reference: those that are not NaN, infinite or huge."""
    kind = samples.type
    largest = ir.Constant(kind, [_LARGEST[mangle(kind.element)]] * kind.count)
    size = call_llvm(builder, f"llvm.fabs.{mangle(kind)}", kind, samples)
    return builder.fcmp_ordered("<", size, largest)
