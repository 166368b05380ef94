"""Reference samples: a sum is computed relative to one sample of its window."""

from imfilter._simd.llvm import absolute, constant, mangle

#: Samples beyond this are not references, because the difference of a sample and a reference must not
#: overflow.
_LARGEST = {"f32": 2.0**102, "f64": 2.0**968}


def fits_reference(builder, samples):
    """Tell which lanes can be a reference: those that are not NaN, infinite or huge."""
    kind = samples.type
    largest = constant(kind, _LARGEST[mangle(kind.element)])
    return builder.fcmp_ordered("<", absolute(builder, samples), largest)
