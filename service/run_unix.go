//go:build unix

package service

import (
	"context"
	"syscall"

	"golang.org/x/sys/unix"
)

// noCore keeps this process and its children from leaving a core behind.
func noCore() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) } // lowering is always allowed

// manage runs serve. Managers here ask with a signal, which ends ctx.
func manage(ctx context.Context, _ RunOptions, serve func(context.Context) int) int {
	return serve(ctx)
}

// heedStop returns ctx: who asks to end sends a signal.
func heedStop(ctx context.Context, _ Paths) (context.Context, func()) { return ctx, func() {} }

// unseen has nothing to say: programs have no windows here.
func unseen() *syscall.SysProcAttr { return nil }
