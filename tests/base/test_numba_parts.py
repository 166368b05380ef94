"""Parts of Numba that the compiler uses, most of them private: a failure names the part that is missing."""

import importlib
import inspect
import tomllib
from pathlib import Path

import numba
import pytest
from packaging.requirements import Requirement

from tests.looping import loop_over

#: A path below a module, and what uses it.
PARTS = {
    "numba.core.caching:_Cache": "the base class of the cache",
    "numba.core.compiler:CompileResult._rebuild": "loads compiled functions of users",
    "numba.core.codegen:CodeLibrary._get_compiled_object": "saves compiled code",
    "numba.core.compiler:CompileResult._reduce": "saves compiled functions of users",
    "numba.core.runtime:rtsys.initialize": "prepares Numba's runtime for functions of users",
    "numba.core.codegen:CodeLibrary.has_dynamic_globals": "says that code has addresses of this process",
    "numba.core.typing.templates:builtin_registry.functions": "lists functions that extensions define",
    "numba.core.typing.templates:builtin_registry.attributes": "lists attributes that extensions define",
    "numba.core.dispatcher:Dispatcher": "recognises compiled functions that a function of a user calls",
    "numba.core.compiler:Compiler": "recognises functions that are compiled in the usual way",
    "numba.core.serialize:dumps": "saves compiled functions of users",
    "numba.core.config:CACHE_DIR": "names the folder for compiled code",
    "numba.core.compiler:CompilerBase.define_pipelines": "lists the passes for kernels",
    "numba.core.compiler_machinery:PassManager.add_pass": "lists the passes for kernels",
    "numba.core.typed_passes:NativeLowering.run_pass": "makes the code of kernels",
    "numba.core.compiler_machinery:PassManager.run": "runs the passes for kernels",
    "numba.core.compiler_machinery:_pass_registry.get": "runs the passes for kernels",
    "numba.core.lowering:Lower.lower_binop": "keeps what implements an operator",
    "numba.core.lowering:Lower.alloca_lltype": "makes variables without information for debuggers",
    "numba.core.lowering:Lower.incref": "counts no references to numbers",
    "numba.core.lowering:Lower.decref": "counts no references to numbers",
    "numba.core.typed_passes:PreLowerStripPhis._strip_phi_nodes": "prepares kernels for lowering",
    "numba.core.compiler_machinery:FunctionPass": "replaces arguments of kernels by constants",
    "numba.core.ir:Block.find_insts": "replaces arguments of kernels by constants",
    "numba.core.analysis:dead_branch_prune": "leaves out branches of kernels that are never taken",
    "numba.core.ssa:reconstruct_ssa": "gives each variable one assignment",
    "numba.core.transforms:canonicalize_cfg": "puts the blocks of kernels in order",
    "numba.core.ir_utils:build_definitions": "lists the assignments of kernels",
    "numba.core.typing.context:Context.resolve_function_type": "keeps the types of operators",
    "numba.core.codegen:JITCodeLibrary._finalize_final_module": "makes no machine code of parts of kernels",
    "numba.core.codegen:JITCodeLibrary._finalize_dynamic_globals": "finishes parts of kernels",
    "numba.core.codegen:JITCodeLibrary._optimize_final_module": "runs LLVM's passes on modules",
    "numba.core.codegen:JITCodeLibrary.enable_object_caching": "saves compiled code",
    "numba.core.codegen:JITCPUCodegen.set_env": "gives machine code its environment",
    "numba.core.event:Listener": "notices a compilation",
    "numba.core.event:register": "notices a compilation",
    "numba.core.event:install_recorder": "counts the compilations of `imfilter warmup`",
    "numba.core.types:IntegerLiteral": "passes a number that is constant to the compiler",
    "numba.core.types:DType": "passes an element type",
}
#: Methods of Numba's cache that it calls and both caches define.
METHODS = ("load_overload", "save_overload", "enable", "disable", "flush")
#: Arguments of `CompileResult._rebuild`, which takes what `_reduce` returns.
REBUILT = ("target_context", "libdata", "fndesc", "env", "signature", "objectmode", "lifted", "typeann")


def compiler():
    """The module that uses them; it cannot be imported where one is missing, and the first test says so."""
    return importlib.import_module("imfilter._simd.compiler")


def advice(part, use):
    places = "see imfilter/_simd/compiler.py and the cap in pyproject.toml"
    return f"Numba {numba.__version__}: {part} {use}: {places}"


@loop_over("part", PARTS)
def test_numba_has(part):
    module, _, names = part.partition(":")
    try:
        found = importlib.import_module(module)
        for name in names.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        pytest.fail(advice(part, f"is missing ({PARTS[part]})"))


def test_the_cache_has_the_methods_that_numba_calls():
    ours = compiler()
    abstract = ours._Cache.__abstractmethods__
    assert abstract <= {*METHODS, "cache_path"}, advice("_Cache", f"has the new abstract methods {abstract}")
    for name in METHODS:
        theirs = list(inspect.signature(getattr(ours._Cache, name)).parameters)
        for cache in (ours._KernelCache, ours._UserCache):
            taken = list(inspect.signature(getattr(cache, name)).parameters)
            assert len(theirs) == len(taken), advice(f"_Cache.{name}", f"takes {theirs}")


def test_compiled_code_is_rebuilt_from_what_it_is_reduced_to():
    names = tuple(inspect.signature(compiler().CompileResult._rebuild).parameters)
    assert names[: len(REBUILT)] == REBUILT, advice("CompileResult._rebuild", f"takes {names}")


def test_a_dispatcher_has_what_a_kernel_uses():
    """A kernel replaces the cache of its dispatcher and reads the compiled code from it."""

    @numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
    def nothing(n):
        return None

    assert hasattr(nothing, "_cache"), advice("Dispatcher._cache", "is missing (the cache is put there)")
    signature = numba.types.void(numba.types.int64)
    nothing.compile(signature)
    code = nothing.overloads[signature.args]
    for name in ("library", "fndesc"):
        assert hasattr(code, name), advice(f"CompileResult.{name}", "is missing (finds compiled code)")
    assert code.library._final_module.functions is not None, advice("CodeLibrary._final_module", "is missing")
    for name in ("targetoptions", "locals", "_can_compile", "py_func"):
        assert hasattr(nothing, name), advice(f"Dispatcher.{name}", "is missing (is part of a key on disk)")
    assert hasattr(nothing._compiler, "pipeline_class"), advice(
        "Dispatcher._compiler", "has no pipeline_class"
    )
    assert code.library._get_compiled_object(), advice("CodeLibrary", "has no object (is kept on disk)")
    assert code.library.get_pointer_to_function(code.fndesc.llvm_func_name), advice(
        "CodeLibrary.get_pointer_to_function", "finds no code (kernels call each other by address)"
    )


#: What no compiled code can call.
UNKNOWN = None


def test_branches_that_are_never_taken_are_not_compiled():
    def chosen(number, at):
        for _ in range(at):
            if number & 1:
                UNKNOWN(at)

    for number, known in ((2, True), (3, False)):
        made = compiler().of_kernel(chosen)
        signature = numba.types.void(numba.types.IntegerLiteral(number), numba.types.int64)
        if known:
            made.compile(signature)
            continue
        with pytest.raises(numba.core.errors.TypingError):
            made.compile(signature)


def test_the_cap_is_the_version_that_is_tested():
    """The installed Numba is within the range of pyproject.toml."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    (numbas,) = [r for r in map(Requirement, project["dependencies"]) if r.name == "numba"]
    assert any(part.operator == "<" for part in numbas.specifier), "numba has no cap in pyproject.toml"
    assert numba.__version__ in numbas.specifier
