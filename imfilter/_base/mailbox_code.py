"""The functions of `mailbox`, loaded from disk or compiled when first used."""

import ctypes
import hashlib
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import llvmlite.binding as llvm

from imfilter._base import mailbox, mailbox_share
from imfilter._simd import code_files, machine_code
from imfilter._simd.machine_code import Code


class Functions(NamedTuple):
    """The compiled functions."""

    #: Wait for bands and run them. Arguments: mailbox, nanoseconds to wait, nanoseconds between two looks at
    #: the mailbox above which the thread has lost its core.
    wait: Callable[..., object]
    #: Give bands to waiting threads and run the others. Arguments: kernel, job, image, target, workspaces,
    #: their size, lines of the first band, all lines, number of helping threads, mailboxes, their number,
    #: report. Each thread clears its own workspace: to clear what another core has written takes longer.
    share: Callable[..., object]


def _compile(name: str, text: str, arguments: str) -> Code:
    """Compile a function."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(opt=1, jit=True)
    module = llvm.parse_assembly(mailbox.common() + text)
    module.verify()
    return Code(name, bytes(machine.emit_object(module)), mailbox.NEEDED, machine_code.caller(arguments))


def _loaded(name: str, text: str, arguments: str) -> Callable[..., object] | None:
    """Load or compile a function. Return None where the system lacks what it needs."""
    key = repr((machine_code.salt(Path(__file__).parent), machine_code.target())).encode()
    file = f"{name}-{hashlib.sha256(key).hexdigest()[:32]}.nbc"
    data = code_files.load(file)
    code = _compile(name, text, arguments) if data is None else Code(*pickle.loads(data))
    if machine_code.missing(code):
        return None
    if data is None and not machine_code.changed(Path(__file__).parent):
        code_files.save(file, pickle.dumps(tuple(code)))
    return machine_code.load(code)[1]


def compiled() -> Functions | None:
    """Load or compile the functions. Return None where the system lacks what they need."""
    if ctypes.sizeof(ctypes.c_void_p) != 8 or not hasattr(time, "CLOCK_MONOTONIC") or not mailbox.known():
        return None
    wait = _loaded("imfilter_wait", mailbox.wait(), "iii")
    share = _loaded("imfilter_share", mailbox_share.share(), "i" * 12)
    return None if wait is None or share is None else Functions(wait, share)
