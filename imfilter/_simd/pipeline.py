"""How Numba compiles kernels: without the steps that change nothing in them.

Numba runs some 25 passes on each function, and then LLVM's. Kernels have no closures, no ``with`` blocks, no
array expressions and no overloads to inline. The passes for those find nothing, so they are left out. A
function that only compiled code calls is a part of the code of kernels, so it needs no machine code of its
own. The kernels of `imfilter warmup` for pooling, morphology and corners took 43 s before, and 32 s since.
Numba also repeats searches and analyses whose results it has. They are made once here: 68 kernels take
a fifth less time, with the same machine code.
LLVM's passes stay, also those on such a function: without them, the extrema of chords took 10 to 15 % longer.
`jit.nested` leaves out those on modules where they make nothing faster: six kernels with parts of parts took
7.7 s to compile, and take 5.7 s.
"""

from typing import Any

import numba.core.typing.context
from llvmlite.binding import Linkage
from numba.core import cgutils, codegen, ir, lowering, types
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import FunctionPass, PassManager, _pass_registry, register_pass
from numba.core.environment import lookup_environment
from numba.core.errors import TypingError
from numba.core.ir_utils import build_definitions
from numba.core.ssa import reconstruct_ssa
from numba.core.transforms import canonicalize_cfg
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

_UNRESOLVED = codegen.RuntimeLinker.PREFIX


def _are_plain(kinds):
    return all(isinstance(kind, _PLAIN) for kind in kinds)


class _Typing(numba.core.typing.context.Context):
    """Numba's typing context. It keeps the types of calls with numbers and vectors, most of them operators.

    Numba tries all definitions of an operator at each place where it stands.
    """

    _known: dict[tuple[Any, ...], Any] = {}  # noqa: RUF012 - one for all contexts, which Numba's lock guards

    def __init__(self, context):
        self.__dict__ = context.__dict__  # the same definitions, also those that are added later

    def resolve_function_type(self, func, args, kws):
        if kws or not isinstance(func, types.Function) or not _are_plain(args):
            return super().resolve_function_type(func, args, kws)
        call = func, tuple(args)
        if call not in self._known:
            found = super().resolve_function_type(func, args, kws)
            if found is None:
                return None
            self._known[call] = found
        return self._known[call]


class _Lower(lowering.Lower):
    """Numba's lowering. It keeps what implements an operator, and counts no references to numbers.

    Numba types each operator again, up to four times. That took an eighth of the time of a kernel.
    """

    _known: dict[tuple[Any, ...], Any] = {}  # noqa: RUF012 - one for all, which Numba's lock guards

    def _implementation(self, op, kinds):
        """Return the signature and the function that implement an operator for some types, or None."""
        call = op, kinds
        if call not in self._known:
            try:
                signature = op.get_call_type(self.context.typing_context, kinds, {})
                self._known[call] = signature, self.context.get_function(op, signature)._imp
            except (TypingError, NotImplementedError):
                self._known[call] = None
        return self._known[call]

    def _apply(self, op, kinds, values):
        """Return the result of an operator, or None if it is not implemented for these types."""
        found = self._implementation(op, kinds)
        if found is None:
            return None
        signature, function = found
        try:
            result = function(self.context, self.builder, signature, values, loc=None)
        except NotImplementedError:
            return None
        self.context.add_linking_libs(getattr(function, "libs", ()))
        return result

    def lower_binop(self, resty, expr, op):
        operator = self.context.typing_context.resolve_value_type(op)
        kinds = self.typeof(expr.lhs.name), self.typeof(expr.rhs.name)
        signature = self.fndesc.calltypes[expr]
        if not isinstance(operator, types.Function) or not _are_plain((*kinds, *signature.args)):
            return super().lower_binop(resty, expr, op)
        values = tuple(
            self.context.cast(self.builder, self.loadvar(place.name), kind, wanted)
            for place, kind, wanted in zip((expr.lhs, expr.rhs), kinds, signature.args, strict=True)
        )
        # In the order of Numba: both operands constant, the left one, the right one, none.
        static = expr.static_lhs, expr.static_rhs
        for which in ((0, 1), (0,), (1,)):
            if all(static[i] is not ir.UNDEFINED for i in which):
                given = [
                    (types.literal(static[i]), static[i]) if i in which else (kinds[i], values[i])
                    for i in (0, 1)
                ]
                result = self._apply(operator, *zip(*given, strict=True))
                if result is not None:
                    return self.context.cast(self.builder, result, signature.return_type, resty)
        result = self._apply(operator, signature.args, values)
        if result is None:
            return super().lower_binop(resty, expr, op)  # for Numba's error
        return self.context.cast(self.builder, result, signature.return_type, resty)

    def alloca_lltype(self, name, lltype, datamodel=None):
        return cgutils.alloca_once(self.builder, lltype, name=name)  # there is no information for debuggers

    def incref(self, typ, val):
        if not isinstance(typ, _PLAIN):
            super().incref(typ, val)

    def decref(self, typ, val):
        if not isinstance(typ, _PLAIN):
            super().decref(typ, val)


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


class _Nested(_Part):
    """The code of a part. LLVM's passes on modules run on it within its callers only."""

    def _optimize_final_module(self):
        """Do nothing."""


class _Straight(codegen.JITCodeLibrary):
    """The code of a kernel that is one function. Only LLVM's passes on functions run."""

    def _optimize_final_module(self):
        """Do nothing."""


def _define(state, blocks):
    """Set the blocks of a function, and what defines each variable."""
    state.func_ir.blocks = blocks
    state.func_ir._definitions = build_definitions(blocks)
    return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _Blocks(IRProcessing):
    """Numba's `IRProcessing` without lifetimes of variables: the last pass before lowering computes them."""

    _name = "blocks"

    def run_pass(self, state):
        state.func_ir.blocks = canonicalize_cfg(state.func_ir.blocks)
        return True


@register_pass(mutates_CFG=False, analysis_only=False)
class _Constants(FunctionPass):
    """Replace arguments that are numbers known to the compiler by these numbers.

    So the next pass leaves out branches that are never taken, with the parts that only they call. Numba does
    so only for None: these parts were typed and compiled, and LLVM removed them. 20 kernels with such
    arguments took 12.2 s to compile before and 10.2 s since, 19 of them with the same machine code.
    """

    _name = "constants"

    def __init__(self):
        FunctionPass.__init__(self)

    def run_pass(self, state):
        for block in state.func_ir.blocks.values():
            for assigned in block.find_insts(ir.Assign):
                kind = isinstance(assigned.value, ir.Arg) and state.args[assigned.value.index]
                if isinstance(kind, types.IntegerLiteral):
                    found = state.func_ir._definitions[assigned.target.name]
                    place = found.index(assigned.value)
                    assigned.value = found[place] = ir.Const(kind.literal_value, assigned.loc)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _SSA(ReconstructSSA):
    """Numba's `ReconstructSSA` without lifetimes."""

    _name = "ssa"

    def run_pass(self, state):
        return _define(state, canonicalize_cfg(reconstruct_ssa(state.func_ir).blocks))


@register_pass(mutates_CFG=False, analysis_only=False)
class _StripPhis(PreLowerStripPhis):
    """Numba's `PreLowerStripPhis` without lifetimes."""

    _name = "phis"

    def run_pass(self, state):
        return _define(state, canonicalize_cfg(self._strip_phi_nodes(state.func_ir).blocks))


class _Lowering(NativeLowering):
    """Numba's lowering. It forgets the types of variables and calls, which keep all instructions alive."""

    lowering_class = _Lower
    library: type[codegen.JITCodeLibrary] = codegen.JITCodeLibrary

    def run_pass(self, state):
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        if not issubclass(self.library, _Part):
            state.library.enable_object_caching()  # so that its machine code can be kept
        super().run_pass(state)
        described = state["cr"].fndesc
        described.typemap = described.calltypes = None
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class _KernelLowering(_Lowering):
    _name = "kernel_lowering"


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(_Lowering):
    _name = "part_lowering"
    library = _Part


@register_pass(mutates_CFG=True, analysis_only=False)
class NestedLowering(_Lowering):
    _name = "nested_lowering"
    library = _Nested


class _Passes(PassManager):
    """Passes without what Numba does after each: it analyses the function again, and checks the pass."""

    def run(self, state):
        """Run the passes."""
        for each, _ in self.passes:
            one = _pass_registry.get(each).pass_inst
            one.analysis = self._analysis
            one.run_pass(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class _StraightLowering(_Lowering):
    _name = "straight_lowering"
    library = _Straight


class _Alone(codegen.JITCodeLibrary):
    """The code of a loop that shares no function with other code, though the names may be equal.

    A function that was compiled before `compiler` was imported has a number that Numba gives in each process.
    """

    def _optimize_final_module(self):
        module = self._final_module
        # Functions that call each other in a circle find each other by their names.
        if not any(value.name.startswith(_UNRESOLVED) for value in module.global_variables):
            for function in module.functions:
                if not function.is_declaration and function.linkage == Linkage.linkonce_odr:
                    function.linkage = "internal"
        super()._optimize_final_module()


@register_pass(mutates_CFG=True, analysis_only=False)
class _AloneLowering(_Lowering):
    _name = "alone_lowering"
    library = _Alone


@register_pass(mutates_CFG=False, analysis_only=False)
class _Environments(FunctionPass):
    """Set the environments of parts, as Numba does for code from a disk. Exceptions with values read them."""

    _name = "environments"

    def __init__(self):
        FunctionPass.__init__(self)

    def run_pass(self, state):
        for name in [value.name for value in state.library._final_module.global_variables]:
            if name.startswith("_ZN08NumbaEnv"):
                environment = lookup_environment(name)
                if environment is not None:
                    state.library.codegen.set_env(name, environment)
        return False


class KernelCompiler(CompilerBase):
    """The passes for a kernel."""

    lowering: type[NativeLowering] = _KernelLowering
    more: tuple[type, ...] = ()  # the last passes

    def __init__(self, typing_context, *more):
        super().__init__(_Typing(typing_context), *more)

    def define_pipelines(self):
        passes = _Passes("kernel")
        for each in (
            TranslateByteCode,
            FixupArgs,
            _Blocks,
            RewriteSemanticConstants,
            _Constants,
            DeadBranchPrune,
            GenericRewrites,
            _SSA,
            DeadBranchPrune,
            NopythonTypeInference,
            _StripPhis,
            IRLegalization,
            self.lowering,
            NoPythonBackend,
            *self.more,
        ):
            passes.add_pass(each, each.__name__)
        passes.finalize()
        return [passes]


class PartCompiler(KernelCompiler):
    """The passes for a function that only compiled code calls."""

    lowering = _PartLowering


class UserLoopCompiler(KernelCompiler):
    """The passes for a loop that calls the function of a user, which is a nested part."""

    lowering = _AloneLowering
    more = (_Environments,)


class NestedCompiler(PartCompiler):
    """The passes for a part on which LLVM's passes on modules run within its callers only."""

    lowering = NestedLowering


class StraightCompiler(KernelCompiler):
    """The passes for a kernel that is one intrinsic, without parts.

    LLVM's passes on modules put parts into their callers, repeat those on functions, and unroll loops. There
    are no parts, and unrolled loops of such kernels were not faster. 56 kernels of sums and of sorting
    networks took 2.7 s to compile with these passes, and take 1.9 s. Most have the same machine code.
    """

    lowering = _StraightLowering
