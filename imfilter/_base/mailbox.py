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
_KERNEL, _JOB, _IMAGE, _TARGET, _WORKSPACE, _SIZE, _START, _STOP, _STATUS = range(8, 17)
_AWAY, _WAITING, _CLAIMED, _OFFERED, _BEGUN = range(5)

#: Words of a report of `share` before the three words of each helping thread: whether the bands are done, the
#: bands that the caller took back, the nanoseconds of its own band, and those that it waited at the end.
DONE, BACK, OWN, AWAITED, HELPERS = range(5)

#: Nanoseconds that a caller waits actively for the last bands. Then it sleeps in between, each time for an
#: eighth of the time that it has waited, but for a millisecond at most.
_ACTIVE, _SLEEP = 60_000, 1_000_000

#: What tells the processor that a loop waits.
_PAUSES = {
    "x86_64": ("declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"),
    "aarch64": ("declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"),
}
_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
NEEDED = ("clock_gettime", "memset", "nanosleep")


def _word(box: str, number: int, name: str) -> str:
    return f"%{name} = getelementptr i64, ptr {box}, i64 {number}"


def _arguments(box: str) -> str:
    """Return code that computes the addresses of the arguments in a mailbox."""
    names = ("kernel", "job", "image", "target", "workspace", "size", "start", "stop")
    return "\n".join(_word(box, _KERNEL + n, f"at.{name}") for n, name in enumerate(names))


def common() -> str:
    """Return the source of what both functions call."""
    machine = platform.machine().lower()
    declared, pause = _PAUSES.get(_NAMES.get(machine, machine), ("", ""))
    return f"""
declare i32 @clock_gettime(i32, ptr)
declare i32 @nanosleep(ptr, ptr)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
{declared}

define internal i64 @now(ptr %place) {{
%status = call i32 @clock_gettime(i32 {time.CLOCK_MONOTONIC}, ptr %place)
%second = load i64, ptr %place
{_word("%place", 1, "at")}
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
"""


def wait() -> str:
    """Return the source of `wait`."""
    return f"""
define internal i32 @run(ptr %box, ptr %result, ptr %error) {{
{_arguments("%box")}
%kernel = load ptr, ptr %at.kernel
%job = load i64, ptr %at.job
%image = load i64, ptr %at.image
%target = load i64, ptr %at.target
%workspace = load i64, ptr %at.workspace
%size = load i64, ptr %at.size
%start = load i64, ptr %at.start
%stop = load i64, ptr %at.stop
%memory = inttoptr i64 %workspace to ptr
call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 %size, i1 false)
%status = call i32 %kernel(ptr %result, ptr %error, i64 %job, i64 %image, i64 %target, i64 %workspace,
                           i64 %start, i64 %stop)
ret i32 %status
}}

define i32 @imfilter_wait(ptr %result, ptr %error, i64 %address, i64 %patience,
                          i64 %longest) {{
%place = alloca [2 x i64]
%box = inttoptr i64 %address to ptr
{_word("%box", ENDED, "ended")}
{_word("%box", LEAVE, "leave")}
{_word("%box", _STATUS, "at.status")}
{_word("%box", LOST, "lost")}
%begin = call i64 @now(ptr %place)
store atomic i64 {_WAITING}, ptr %box release, align 8
br label %look
look:
%since = phi i64 [%begin, %0], [%since, %stay], [%since, %kept], [%fresh, %work]
%last = phi i64 [%begin, %0], [%clock, %stay], [%clock, %kept], [%fresh, %work]
%state = load atomic i64, ptr %box acquire, align 8
%offered = icmp eq i64 %state, {_OFFERED}
br i1 %offered, label %take, label %check
take:
%taken = cmpxchg ptr %box, i64 {_OFFERED}, i64 {_BEGUN} acq_rel acquire
%mine = extractvalue {{ i64, i1 }} %taken, 1
br i1 %mine, label %work, label %check
work:
%code = call i32 @run(ptr %box, ptr %result, ptr %error)
%status = load ptr, ptr %at.status
store i32 %code, ptr %status
%before = load i64, ptr %ended
%after = add i64 %before, 1
store atomic i64 %after, ptr %ended release, align 8
store atomic i64 {_WAITING}, ptr %box release, align 8
%fresh = call i64 @now(ptr %place)
br label %look
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
go:
%flag = zext i1 %jump to i64
%known = load i64, ptr %lost
%noted = or i64 %flag, %known
store i64 %noted, ptr %lost
%gone = cmpxchg ptr %box, i64 {_WAITING}, i64 {_AWAY} acq_rel acquire
%left = extractvalue {{ i64, i1 }} %gone, 1
br i1 %left, label %end, label %kept
kept:
call void @pause()
br label %look
end:
ret i32 0
}}
"""


def share() -> str:
    """Return the source of `share`."""
    return f"""
define internal void @rest(ptr %place, i64 %waited) {{
%active = icmp ult i64 %waited, {_ACTIVE}
br i1 %active, label %pause, label %sleep
pause:
call void @pause()
ret void
sleep:
%part = lshr i64 %waited, 3
%long = icmp ugt i64 %part, {_SLEEP}
%time = select i1 %long, i64 {_SLEEP}, i64 %part
{_word("%place", 1, "more")}
store i64 0, ptr %place
store i64 %time, ptr %more
%woken = call i32 @nanosleep(ptr %place, ptr null)
ret void
}}

define internal i64 @claim(i64 %boxes, i64 %number, i64 %helpers, ptr %owned) {{
br label %next
next:
%n = phi i64 [0, %0], [%more, %found], [%more, %try]
%got = phi i64 [0, %0], [%sum, %found], [%got, %try]
%enough = icmp eq i64 %got, %helpers
%none = icmp eq i64 %n, %number
%over = or i1 %enough, %none
br i1 %over, label %end, label %try
try:
%more = add i64 %n, 1
%offset = mul i64 %n, {SIZE}
%address = add i64 %boxes, %offset
%box = inttoptr i64 %address to ptr
%pair = cmpxchg ptr %box, i64 {_WAITING}, i64 {_CLAIMED} acq_rel acquire
%won = extractvalue {{ i64, i1 }} %pair, 1
br i1 %won, label %found, label %next
found:
%place = getelementptr i64, ptr %owned, i64 %got
store i64 %address, ptr %place
%sum = add i64 %got, 1
br label %next
end:
ret i64 %got
}}

define i32 @imfilter_share(ptr %result, ptr %error, i64 %kernel, i64 %job, i64 %image, i64 %target,
                           i64 %workspace, i64 %size, i64 %first, i64 %total, i64 %helpers, i64 %boxes,
                           i64 %number, i64 %report) {{
%place = alloca [2 x i64]
%done = inttoptr i64 %report to ptr
call void @llvm.memset.p0.i64(ptr %done, i8 0, i64 {8 * HELPERS}, i1 false)
{_word("%done", BACK, "at.back")}
{_word("%done", OWN, "at.own")}
{_word("%done", AWAITED, "at.awaited")}
{_word("%done", HELPERS, "owned")}
%tickets = getelementptr i64, ptr %owned, i64 %helpers
%codes = getelementptr i64, ptr %tickets, i64 %helpers
%got = call i64 @claim(i64 %boxes, i64 %number, i64 %helpers, ptr %owned)
%enough = icmp eq i64 %got, %helpers
br i1 %enough, label %begin, label %free
free:
%f = phi i64 [%got, %0], [%f.less, %free.one]
%f.last = icmp eq i64 %f, 0
br i1 %f.last, label %refused, label %free.one
free.one:
%f.less = sub i64 %f, 1
%f.at = getelementptr i64, ptr %owned, i64 %f.less
%f.box = load ptr, ptr %f.at
store atomic i64 {_WAITING}, ptr %f.box release, align 8
br label %free
refused:
ret i32 0

begin:
%others = sub i64 %total, %first
br label %offer
offer:
%i = phi i64 [0, %begin], [%i.next, %offer.one]
%from = phi i64 [%first, %begin], [%to, %offer.one]
%i.over = icmp eq i64 %i, %helpers
br i1 %i.over, label %own, label %offer.one
offer.one:
%i.next = add i64 %i, 1
%share = mul i64 %others, %i.next
%part = udiv i64 %share, %helpers
%to = add i64 %first, %part
%shift = mul i64 %i.next, %size
%space = add i64 %workspace, %shift
%box.at = getelementptr i64, ptr %owned, i64 %i
%box = load ptr, ptr %box.at
{_arguments("%box")}
store i64 %kernel, ptr %at.kernel
store i64 %job, ptr %at.job
store i64 %image, ptr %at.image
store i64 %target, ptr %at.target
store i64 %space, ptr %at.workspace
store i64 %size, ptr %at.size
store i64 %from, ptr %at.start
store i64 %to, ptr %at.stop
%code.at = getelementptr i64, ptr %codes, i64 %i
{_word("%box", _STATUS, "at.status")}
store ptr %code.at, ptr %at.status
store i32 0, ptr %code.at
{_word("%box", ENDED, "ended")}
%before = load i64, ptr %ended
%ticket = add i64 %before, 1
%ticket.at = getelementptr i64, ptr %tickets, i64 %i
store i64 %ticket, ptr %ticket.at
store atomic i64 {_OFFERED}, ptr %box release, align 8
br label %offer

own:
%t0 = call i64 @now(ptr %place)
%code = inttoptr i64 %kernel to ptr
%memory = inttoptr i64 %workspace to ptr
call void @llvm.memset.p0.i64(ptr %memory, i8 0, i64 %size, i1 false)
%status0 = call i32 %code(ptr %result, ptr %error, i64 %job, i64 %image, i64 %target, i64 %workspace,
                          i64 0, i64 %first)
%t1 = call i64 @now(ptr %place)
%spent = sub i64 %t1, %t0
store i64 %spent, ptr %at.own
br label %back

back:
%b = phi i64 [%helpers, %own], [%b.less, %back.one], [%b.less, %back.run]
%status1 = phi i32 [%status0, %own], [%status1, %back.one], [%status2, %back.run]
%b.over = icmp eq i64 %b, 0
br i1 %b.over, label %ready, label %back.one
back.one:
%b.less = sub i64 %b, 1
%b.at = getelementptr i64, ptr %owned, i64 %b.less
%b.box = load ptr, ptr %b.at
{_word("%b.box", _WORKSPACE, "b.workspace.at")}
{_word("%b.box", _START, "b.start.at")}
{_word("%b.box", _STOP, "b.stop.at")}
%b.workspace = load i64, ptr %b.workspace.at
%b.start = load i64, ptr %b.start.at
%b.stop = load i64, ptr %b.stop.at
%b.pair = cmpxchg ptr %b.box, i64 {_OFFERED}, i64 {_WAITING} acq_rel acquire
%b.won = extractvalue {{ i64, i1 }} %b.pair, 1
br i1 %b.won, label %back.run, label %back
back.run:
%b.memory = inttoptr i64 %b.workspace to ptr
call void @llvm.memset.p0.i64(ptr %b.memory, i8 0, i64 %size, i1 false)
%b.status = call i32 %code(ptr %result, ptr %error, i64 %job, i64 %image, i64 %target, i64 %b.workspace,
                           i64 %b.start, i64 %b.stop)
%b.ticket.at = getelementptr i64, ptr %tickets, i64 %b.less
store i64 0, ptr %b.ticket.at
%b.good = icmp eq i32 %status1, 0
%status2 = select i1 %b.good, i32 %b.status, i32 %status1
%b.count = load i64, ptr %at.back
%b.more = add i64 %b.count, 1
store i64 %b.more, ptr %at.back
br label %back

ready:
%t2 = call i64 @now(ptr %place)
br label %await
await:
%a = phi i64 [%helpers, %ready], [%a.less, %ended.now]
%status3 = phi i32 [%status1, %ready], [%status4, %ended.now]
%a.over = icmp eq i64 %a, 0
br i1 %a.over, label %finish, label %await.one
await.one:
%a.less = sub i64 %a, 1
%a.at = getelementptr i64, ptr %owned, i64 %a.less
%a.box = load ptr, ptr %a.at
%a.ticket.at = getelementptr i64, ptr %tickets, i64 %a.less
%a.ticket = load i64, ptr %a.ticket.at
{_word("%a.box", ENDED, "a.ended")}
%a.status.at = getelementptr i64, ptr %codes, i64 %a.less
br label %still
still:
%a.count = load atomic i64, ptr %a.ended acquire, align 8
%a.done = icmp uge i64 %a.count, %a.ticket
br i1 %a.done, label %ended.now, label %rest
rest:
%t3 = call i64 @now(ptr %place)
%waited = sub i64 %t3, %t2
call void @rest(ptr %place, i64 %waited)
br label %still
ended.now:
%a.status = load i32, ptr %a.status.at
%a.good = icmp eq i32 %status3, 0
%status4 = select i1 %a.good, i32 %a.status, i32 %status3
br label %await
finish:
%t4 = call i64 @now(ptr %place)
%awaited = sub i64 %t4, %t2
store i64 %awaited, ptr %at.awaited
store i64 1, ptr %done
ret i32 %status3
}}
"""
