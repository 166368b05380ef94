"""The source of the code by which a caller gives bands to threads that wait; see `mailbox`."""

from imfilter._base.mailbox import (
    CLAIMED,
    ENDED,
    OFFERED,
    SIZE,
    START,
    STATUS,
    STOP,
    TICKET,
    WAITING,
    WORKSPACE,
    arguments,
    word,
)

#: Words of a report of `share` before the three words of each helping thread: whether the bands are done, the
#: bands that the caller took back, the nanoseconds of its own band, and those that it waited at the end.
DONE, BACK, OWN, AWAITED, HELPERS = range(5)

#: Nanoseconds that a caller waits actively for the last bands. Then it sleeps in between, each time for an
#: eighth of the time that it has waited, but for a millisecond at most.
_ACTIVE, _SLEEP = 60_000, 1_000_000


def _mailbox_before(count: str) -> str:
    """Return code that loads the address of the mailbox before a count of them, and makes the count less."""
    return f"""%{count}.less = sub i64 %{count}, 1
%{count}.at = getelementptr i64, ptr %owned, i64 %{count}.less
%{count}.box = load ptr, ptr %{count}.at"""


def share() -> str:
    """Return the source of `share`."""
    return f"""
; Pause, or sleep after a longer time.
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
{word("%place", 1, "more")}
store i64 0, ptr %place
store i64 %time, ptr %more
%woken = call i32 @nanosleep(ptr %place, ptr null)
ret void
}}

; Tell whether a status is an error, as the callers of kernels from Python do: 0 and -2 are none.
define internal i1 @wrong(i32 %status) {{
%other = icmp ne i32 %status, 0
%some = icmp ne i32 %status, -2
%both = and i1 %other, %some
ret i1 %both
}}

; Return the first of two statuses if it is an error, and the second one otherwise.
define internal i32 @first(i32 %known, i32 %new) {{
%bad = call i1 @wrong(i32 %known)
%status = select i1 %bad, i32 %known, i32 %new
ret i32 %status
}}

; Claim mailboxes of waiting threads, at most as many as there shall be helpers. Return how many.
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
%pair = cmpxchg ptr %box, i64 {WAITING}, i64 {CLAIMED} acq_rel acquire
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
{word("%done", BACK, "at.back")}
{word("%done", OWN, "at.own")}
{word("%done", AWAITED, "at.awaited")}
{word("%done", HELPERS, "owned")}
%tickets = getelementptr i64, ptr %owned, i64 %helpers
%codes = getelementptr i64, ptr %tickets, i64 %helpers
%got = call i64 @claim(i64 %boxes, i64 %number, i64 %helpers, ptr %owned)
%enough = icmp eq i64 %got, %helpers
br i1 %enough, label %begin, label %free

; Too few threads wait: give the mailboxes back, and leave DONE at 0.
free:
%f = phi i64 [%got, %0], [%f.less, %free.one]
%f.last = icmp eq i64 %f, 0
br i1 %f.last, label %refused, label %free.one
free.one:
{_mailbox_before("f")}
store atomic i64 {WAITING}, ptr %f.box release, align 8
br label %free
refused:
ret i32 0

; Write a band to each mailbox, then offer it. The lines after the first band are divided evenly.
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
{arguments("%box")}
store i64 %kernel, ptr %at.kernel
store i64 %job, ptr %at.job
store i64 %image, ptr %at.image
store i64 %target, ptr %at.target
store i64 %space, ptr %at.workspace
store i64 %size, ptr %at.size
store i64 %from, ptr %at.start
store i64 %to, ptr %at.stop
%code.at = getelementptr i64, ptr %codes, i64 %i
{word("%box", STATUS, "at.status")}
store ptr %code.at, ptr %at.status
store i32 0, ptr %code.at
{word("%box", ENDED, "ended")}
%before = load i64, ptr %ended
%ticket = add i64 %before, 1
%ticket.at = getelementptr i64, ptr %tickets, i64 %i
store i64 %ticket, ptr %ticket.at
%ticket.high = mul i64 %ticket, {TICKET}
%state = add i64 %ticket.high, {OFFERED}
store atomic i64 %state, ptr %box release, align 8
br label %offer

; Run the first band.
own:
%t0 = call i64 @now(ptr %place)
%status0 = call i32 @band(ptr %result, ptr %error, i64 %kernel, i64 %job, i64 %image, i64 %target,
                          i64 %workspace, i64 %size, i64 0, i64 %first)
%t1 = call i64 @now(ptr %place)
%spent = sub i64 %t1, %t0
store i64 %spent, ptr %at.own
br label %back

; Take back each band that has not begun, and run it. If the swap fails, the thread has the band or has ended
; it. Then the words that were read may be those of another caller, and are not used.
back:
%b = phi i64 [%helpers, %own], [%b.less, %back.one], [%b.less, %back.run]
%status1 = phi i32 [%status0, %own], [%status1, %back.one], [%status2, %back.run]
%b.over = icmp eq i64 %b, 0
br i1 %b.over, label %ready, label %back.one
back.one:
{_mailbox_before("b")}
{word("%b.box", WORKSPACE, "b.workspace.at")}
{word("%b.box", START, "b.start.at")}
{word("%b.box", STOP, "b.stop.at")}
%b.workspace = load i64, ptr %b.workspace.at
%b.start = load i64, ptr %b.start.at
%b.stop = load i64, ptr %b.stop.at
%b.ticket.at = getelementptr i64, ptr %tickets, i64 %b.less
%b.ticket = load i64, ptr %b.ticket.at
%b.high = mul i64 %b.ticket, {TICKET}
%b.state = add i64 %b.high, {OFFERED}
%b.pair = cmpxchg ptr %b.box, i64 %b.state, i64 {WAITING} acq_rel acquire
%b.won = extractvalue {{ i64, i1 }} %b.pair, 1
br i1 %b.won, label %back.run, label %back
back.run:
%b.status = call i32 @band(ptr %result, ptr %error, i64 %kernel, i64 %job, i64 %image, i64 %target,
                           i64 %b.workspace, i64 %size, i64 %b.start, i64 %b.stop)
store i64 0, ptr %b.ticket.at
%status2 = call i32 @first(i32 %status1, i32 %b.status)
%b.count = load i64, ptr %at.back
%b.more = add i64 %b.count, 1
store i64 %b.more, ptr %at.back
br label %back

; Wait until each band that has begun has ended: until as many bands of its thread have ended as its ticket
; says. A ticket of 0 is that of a band that was taken back.
ready:
%t2 = call i64 @now(ptr %place)
br label %await
await:
%a = phi i64 [%helpers, %ready], [%a.less, %ended.now]
%status3 = phi i32 [%status1, %ready], [%status4, %ended.now]
%a.over = icmp eq i64 %a, 0
br i1 %a.over, label %finish, label %await.one
await.one:
{_mailbox_before("a")}
%a.ticket.at = getelementptr i64, ptr %tickets, i64 %a.less
%a.ticket = load i64, ptr %a.ticket.at
{word("%a.box", ENDED, "a.ended")}
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
%status4 = call i32 @first(i32 %status3, i32 %a.status)
br label %await
finish:
%t4 = call i64 @now(ptr %place)
%awaited = sub i64 %t4, %t2
store i64 %awaited, ptr %at.awaited
store i64 1, ptr %done
ret i32 %status3
}}
"""
