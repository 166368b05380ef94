"""How Numba compiles kernels: without the steps that change nothing in them.

Numba runs some 25 passes on each function, and then LLVM's. Kernels have no closures, no ``with`` blocks, no
array expressions and no overloads to inline. The passes for those find nothing, so they are left out. A
function that only compiled code calls is a part of the code of kernels, so it needs no machine code of its
own. The kernels of `imfilter warmup` for pooling, morphology and corners took 43 s before, and 32 s since.
LLVM's passes stay, also those on such a function: without them, the extrema of chords took 10 to 15 % longer.
"""

from typing import Any

import numba.core.typing.context
from numba.core import codegen, types
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.typed_passes import (
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    RewriteSemanticConstants,
    TranslateByteCode,
)

from imfilter._simd.vector import Mask, Vector

#: The type of a call depends on nothing else where all arguments are of these types.
_PLAIN = (types.Integer, types.Float, types.Boolean, types.DType, Vector, Mask)


class _Typing(numba.core.typing.context.Context):
    """Numba's typing context. It keeps the types of calls with numbers and vectors, most of them operators.

    Numba tries all definitions of an operator at each place where it stands.
    """

    _known: dict[tuple[Any, ...], Any] = {}  # noqa: RUF012 - one for all contexts, which Numba's lock guards

    def __init__(self, context):
        self.__dict__ = context.__dict__  # the same definitions, also those that are added later

    def resolve_function_type(self, func, args, kws):
        if kws or not isinstance(func, types.Function) or not all(isinstance(a, _PLAIN) for a in args):
            return super().resolve_function_type(func, args, kws)
        call = func, tuple(args)
        if call not in self._known:
            found = super().resolve_function_type(func, args, kws)
            if found is None:
                return None
            self._known[call] = found
        return self._known[call]


class _NoEnvironment:
    """The code generator of a `_Part`, which has no machine code and so no address of an environment."""

    def set_env(self, name, environment):
        """Do nothing."""


class _Part(codegen.JITCodeLibrary):
    """The code of a function that other code contains. No machine code is made of it."""

    @property
    def codegen(self):
        return _NoEnvironment()

    def _finalize_final_module(self):
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name):
        self._ensure_finalized()
        return 0


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(NativeLowering):
    _name = "part_lowering"

    def run_pass(self, state):
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().run_pass(state)


class KernelCompiler(CompilerBase):
    """The passes for a kernel."""

    lowering: type[NativeLowering] = NativeLowering

    def __init__(self, typing_context, *more):
        super().__init__(_Typing(typing_context), *more)

    def define_pipelines(self):
        passes = PassManager("kernel")
        for each in (
            TranslateByteCode,
            FixupArgs,
            IRProcessing,
            RewriteSemanticConstants,
            DeadBranchPrune,
            GenericRewrites,
            ReconstructSSA,
            DeadBranchPrune,
            NopythonTypeInference,
            PreLowerStripPhis,
            IRLegalization,
            self.lowering,
            NoPythonBackend,
        ):
            passes.add_pass(each, each.__name__)
        passes.finalize()
        return [passes]


class PartCompiler(KernelCompiler):
    """The passes for a function that only compiled code calls."""

    lowering = _PartLowering
