package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"testing"

	"homehook/access"
	"homehook/agent/config"
	"homehook/service"
)

// TestExitOfService: what no start would mend ends the service for good, and
// nothing else does.
func TestExitOfService(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"in order", t.Context(), nil, service.ExitDone},
		{"a mistake in the configuration", t.Context(), config.Problems{{Message: "unknown key"}}, service.ExitConfig},
		{"a configuration that cannot be looked at", t.Context(), config.Problems{{Message: "input/output error", Passing: true}}, service.ExitFailed},
		{"both", t.Context(), config.Problems{{Passing: true}, {}}, service.ExitConfig},
		{"a file of another user", t.Context(), fmt.Errorf("open history: %w", access.Refuse("history.db belongs to uid 997")), service.ExitConfig},
		{"the same with a next step", t.Context(), withNext(access.Refuse("it is a link"), "remove it"), service.ExitConfig},
		{"a folder that is refused", t.Context(), service.ErrRefused, service.ExitConfig},
		{"a full disk", t.Context(), fmt.Errorf("open history: %w", syscall.ENOSPC), service.ExitFailed},
		{"a read-only disk, with a next step", t.Context(), withNext(syscall.EROFS, "look at it"), service.ExitFailed},
		{"told already", t.Context(), errSilent, service.ExitFailed},
		{"asked to end", ended, errors.New("cut off"), service.ExitDone},
	} {
		if got := new(runCmd).logged(tt.ctx, slog.New(slog.DiscardHandler), tt.err); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}
