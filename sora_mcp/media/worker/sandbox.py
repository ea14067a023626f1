"""Limit what the current process can do, for good: memory, CPU time, core dumps, and on Linux sockets and programs.

Windows has neither resource limits nor seccomp: there only the parent's clock and the empty environment protect.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

MOST_MEMORY_BYTES = 3 << 30
"""Address space. Transcoding 8K takes 2 GB; a file that declares 80 million samples asks for more and gets an error."""
MOST_FILE_BYTES = 4 << 30

if sys.platform == "win32":

    def limit_memory() -> None:
        """Do nothing: Windows limits memory by job objects only."""

    def limit_cpu(seconds: float) -> None:
        """Do nothing: Windows limits CPU time by job objects only."""

else:
    import resource

    def limit_memory() -> None:
        """Limit address space and file size, and forbid core dumps."""
        for limit, most in (
            (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, MOST_FILE_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            hard = resource.getrlimit(limit)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            try:
                resource.setrlimit(limit, (least, least))
            except (OSError, ValueError):
                continue  # macOS has no limit on address space

    def limit_cpu(seconds: float) -> None:
        """Let the system kill this process after so many more seconds of CPU time, of all threads together."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = int(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


# System calls by machine: AUDIT_ARCH, then the numbers of socket, connect, execve, execveat, ptrace,
# process_vm_readv, process_vm_writev and io_uring_setup, which can open sockets, too.
# https://github.com/torvalds/linux/tree/master/arch (syscall tables), include/uapi/linux/audit.h
SYSCALLS = {
    "x86_64": (0xC000003E, (41, 42, 59, 322, 101, 310, 311, 425)),
    "aarch64": (0xC00000B7, (198, 203, 221, 281, 117, 270, 271, 425)),
}
X32_BIT = 0x40000000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, DENY = 0x7FFF0000, 0x00050000 | 13
"""SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EACCES."""


def forbid_network() -> bool:
    """Make sockets and the start of programs fail with EACCES, for this process and its threads. Return whether it worked.

    By a seccomp filter on Linux, which needs no privileges; other systems have no such call.
    """
    if sys.platform != "linux" or platform.machine() not in SYSCALLS:
        return False
    program = _build_filter(*SYSCALLS[platform.machine()])
    buffer = ctypes.create_string_buffer(program)
    # struct sock_fprog: the number of instructions, and their address.
    descriptor = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(descriptor), 0, 0) == 0


def _build_filter(architecture: int, forbidden: tuple[int, ...]) -> bytes:
    """Return a BPF program that denies the forbidden calls, and every call of another architecture."""
    deny_at = 5 + len(forbidden)
    rows = [
        (LOAD, 0, 0, 4),  # seccomp_data.arch
        (JUMP_EQUAL, 0, deny_at - 2, architecture),
        (LOAD, 0, 0, 0),  # seccomp_data.nr
        (JUMP_GREATER_EQUAL, deny_at - 4, 0, X32_BIT),
        *((JUMP_EQUAL, deny_at - 5 - at, 0, number) for at, number in enumerate(forbidden)),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, DENY),
    ]
    return b"".join(struct.pack("=HBBI", *row) for row in rows)
