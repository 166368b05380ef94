"""Reference samples: a sum is computed relative to one sample of its window."""

from llvmlite import ir

from imfilter._simd.llvm import call_llvm, mangle

#: Samples beyond this are not references, because the difference of a sample and a reference must not
#: overflow.
_LARGEST = {"f32": 2.0**102, "f64": 2.0**968}


def fits_reference(builder, samples):
    """Tell which lanes can be a reference: those that are not NaN, infinite or huge."""
    kind = samples.type
    largest = ir.Constant(kind, [_LARGEST[mangle(kind.element)]] * kind.count)
    size = call_llvm(builder, f"llvm.fabs.{mangle(kind)}", kind, samples)
    return builder.fcmp_ordered("<", size, largest)
