"""The source of the code by which threads of the pool wait actively for bands, and a caller gives them bands.

A thread waits in the function `wait` without the lock of the interpreter. A caller gives it a band through
its mailbox, and the thread runs the kernel itself. So a band begins without Python, and a fraction of a
microsecond after the call. A thread that sleeps begins 15 to 60 us later.

A mailbox is written by its thread and by one caller at a time, which owns it from `CLAIMED` on. The states:

    AWAY     the thread is not in `wait`
    WAITING  the thread looks for a band
    CLAIMED  a caller writes a band
    OFFERED  the band can begin: the thread changes the state to BEGUN, or the caller takes it back (WAITING)
    BEGUN    the thread runs the kernel; then it counts the band and is WAITING again

Only the thread leaves AWAY and BEGUN, and only the owner leaves CLAIMED. Both may leave WAITING and OFFERED,
so these two change by compare and swap. The owner of a band that has begun loses the mailbox when that band
ends, which it does not notice at once. Another caller may have offered a band then. So an offer has a ticket,
the number of the band. It is part of the state, and a caller takes back no band but its own.

The code is LLVM's own language, because Numba has no atomic operations, and because it takes Numba a second
to compile what LLVM compiles in some milliseconds.
"""

import platform
import time

#: Bytes of a mailbox. Processors load cache lines in pairs.
SIZE = 256
#: Words of a mailbox: the state, the number of bands that have ended, a request to return from `wait`, and
#: whether the thread lost its core while it waited. The next cache lines hold a band: the kernel, its
#: arguments with the size of the workspace, and the address for its status.
STATE, ENDED, LEAVE, LOST = range(4)
KERNEL, JOB, IMAGE, TARGET, WORKSPACE, BYTES, START, STOP, STATUS = range(8, 17)
AWAY, WAITING, CLAIMED, OFFERED, BEGUN = range(5)
#: A state is one of these, plus the ticket times `TICKET` if it is OFFERED.
TICKET = 8

#: What tells the processor that a loop waits. On other processors no thread waits: LLVM may call functions
#: for atomic operations there, which a process need not have.
_PAUSES = {
    "x86_64": ("declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"),
    "aarch64": ("declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"),
}
_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
NEEDED = ("clock_gettime", "memset", "nanosleep")


def word(box: str, number: int, name: str) -> str:
    """Return code that computes the address of a word."""
    return f"%{name} = getelementptr i64, ptr {box}, i64 {number}"


def arguments(box: str) -> str:
    """Return code that computes the addresses of the arguments in a mailbox."""
    names = ("kernel", "job", "image", "target", "workspace", "size", "start", "stop")
    return "\n".join(word(box, KERNEL + n, f"at.{name}") for n, name in enumerate(names))


def known() -> bool:
    """Tell whether the functions can be compiled for this processor."""
    return _machine() in _PAUSES


def _machine() -> str:
    name = platform.machine().lower()
    return _NAMES.get(name, name)


def common() -> str:
    """Return the source of what both functions call."""
    declared, pause = _PAUSES[_machine()]
    return f"""
declare i32 @clock_gettime(i32, ptr)
declare i32 @nanosleep(ptr, ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
{declared}

define internal i64 @now(ptr %place) {{
%status = call i32 @clock_gettime(i32 {time.CLOCK_MONOTONIC}, ptr %place)
%second = load i64, ptr %place
{word("%place", 1, "at")}
%more = load i64, ptr %at
%whole = mul i64 %second, 1000000000
%sum = add i64 %whole, %more
ret i64 %sum
}}

define internal void @pause() {{
{pause}
{pause}
{pause}
{pause}
ret void
}}

; Clear the workspace and run the kernel. Without the fence, stores past the caches could become visible after
; the number of ended bands.
define internal i32 @band(ptr %result, ptr %error, i64 %kernel, i64 %job, i64 %image, i64 %target,
                          i64 %workspace, i64 %size, i64 %start, i64 %stop) {{
%memory = inttoptr i64 %workspace to ptr
call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 %size, i1 false)
%code = inttoptr i64 %kernel to ptr
%status = call i32 %code(ptr %result, ptr %error, i64 %job, i64 %image, i64 %target, i64 %workspace,
                         i64 %start, i64 %stop)
fence seq_cst
ret i32 %status
}}
"""


def wait() -> str:
    """Return the source of `wait`."""
    return f"""
; Run the band in a mailbox.
define internal i32 @run(ptr %box, ptr %result, ptr %error) {{
{arguments("%box")}
%kernel = load i64, ptr %at.kernel
%job = load i64, ptr %at.job
%image = load i64, ptr %at.image
%target = load i64, ptr %at.target
%workspace = load i64, ptr %at.workspace
%size = load i64, ptr %at.size
%start = load i64, ptr %at.start
%stop = load i64, ptr %at.stop
%status = call i32 @band(ptr %result, ptr %error, i64 %kernel, i64 %job, i64 %image, i64 %target,
                         i64 %workspace, i64 %size, i64 %start, i64 %stop)
ret i32 %status
}}

define i32 @imfilter_wait(ptr %result, ptr %error, i64 %address, i64 %patience,
                          i64 %longest) {{
%place = alloca [2 x i64]
%box = inttoptr i64 %address to ptr
{word("%box", ENDED, "ended")}
{word("%box", LEAVE, "leave")}
{word("%box", STATUS, "at.status")}
{word("%box", LOST, "lost")}
%begin = call i64 @now(ptr %place)
store atomic i64 {WAITING}, ptr %box release, align 8
br label %look

; Begin a band if one is offered. The swap fails if the caller has just taken it back.
look:
; The time when the last band ended or the wait began, and the time of the last look.
%since = phi i64 [%begin, %0], [%since, %stay], [%since, %kept], [%fresh, %work]
%last = phi i64 [%begin, %0], [%clock, %stay], [%clock, %kept], [%fresh, %work]
%state = load atomic i64, ptr %box acquire, align 8
%kind = urem i64 %state, {TICKET}
%offered = icmp eq i64 %kind, {OFFERED}
br i1 %offered, label %take, label %check
take:
%taken = cmpxchg ptr %box, i64 %state, i64 {BEGUN} acq_rel acquire
%mine = extractvalue {{ i64, i1 }} %taken, 1
br i1 %mine, label %work, label %check

; The number of ended bands tells the caller that it may read the results and free all memory of the call. So
; nothing of the call is read after it is stored. The mailbox is free for another caller from WAITING on.
work:
%code = call i32 @run(ptr %box, ptr %result, ptr %error)
%status = load ptr, ptr %at.status
store i32 %code, ptr %status
%before = load i64, ptr %ended
%after = add i64 %before, 1
store atomic i64 %after, ptr %ended release, align 8
store atomic i64 {WAITING}, ptr %box release, align 8
%fresh = call i64 @now(ptr %place)
br label %look

; Go after enough time, after a request, or if the thread has lost its core.
check:
%clock = call i64 @now(ptr %place)
%step = sub i64 %clock, %last
%jump = icmp ugt i64 %step, %longest
%age = sub i64 %clock, %since
%old = icmp ugt i64 %age, %patience
%request = load atomic i64, ptr %leave acquire, align 8
%asked = icmp ne i64 %request, 0
%some = or i1 %old, %asked
%any = or i1 %some, %jump
br i1 %any, label %go, label %stay
stay:
call void @pause()
br label %look

; Only from WAITING: the band of a caller that has claimed the mailbox comes first.
go:
%flag = zext i1 %jump to i64
%known = load i64, ptr %lost
%noted = or i64 %flag, %known
store i64 %noted, ptr %lost
%gone = cmpxchg ptr %box, i64 {WAITING}, i64 {AWAY} acq_rel acquire
%left = extractvalue {{ i64, i1 }} %gone, 1
br i1 %left, label %end, label %kept
kept:
call void @pause()
br label %look
end:
ret i32 0
}}
"""
