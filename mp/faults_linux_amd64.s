#include "textflag.h"

// The layout of siginfo and the numbers of the system calls are the kernel's for amd64.

// func faultHandler(): a signal handler, called by the kernel with DI = signal, SI = siginfo, DX = context.
TEXT ·faultHandler(SB), NOSPLIT|NOFRAME, $0
	MOVL 8(SI), AX // si_code: positive where the kernel raised it
	CMPL AX, $0
	JLE  sent
	MOVQ ·runtimeHandler(SB), AX
	JMP  AX
sent:
	MOVL DI, R8
	LEAQ ·defaultAction(SB), SI
	MOVL $0, DX
	MOVL $8, R10
	MOVL $13, AX // rt_sigaction
	SYSCALL
	MOVL $39, AX // getpid
	SYSCALL
	MOVL AX, DI
	MOVL R8, SI
	MOVL $62, AX // kill: it comes when the handler has returned
	SYSCALL
	RET

// func faultHandlerPC() uintptr
TEXT ·faultHandlerPC(SB), NOSPLIT, $0-8
	LEAQ ·faultHandler(SB), AX
	MOVQ AX, ret+0(FP)
	RET
