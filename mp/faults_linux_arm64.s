#include "textflag.h"

// The layout of siginfo and the numbers of the system calls are the kernel's for arm64.

// func faultHandler(): a signal handler, called by the kernel with R0 = signal, R1 = siginfo, R2 = context.
TEXT ·faultHandler(SB), NOSPLIT|NOFRAME, $0
	MOVW 8(R1), R3 // si_code: positive where the kernel raised it
	CMPW $0, R3
	BLE  sent
	MOVD ·runtimeHandler(SB), R3
	JMP  (R3)
sent:
	MOVW R0, R9
	MOVD $·defaultAction(SB), R1
	MOVD $0, R2
	MOVD $8, R3
	MOVD $134, R8 // rt_sigaction
	SVC
	MOVD $172, R8 // getpid
	SVC
	MOVW R9, R1
	MOVD $129, R8 // kill: it comes when the handler has returned
	SVC
	RET

// func faultHandlerPC() uintptr
TEXT ·faultHandlerPC(SB), NOSPLIT, $0-8
	MOVD $·faultHandler(SB), R0
	MOVD R0, ret+0(FP)
	RET
