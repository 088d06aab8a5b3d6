package service

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
)

//go:embed templates/openrc.sh
var openRCScript string

// openRC is a service of OpenRC: a script in /etc/init.d that a runlevel names.
type openRC struct{ *initd }

var _ system = (*openRC)(nil)

// newOpenRC is the service where OpenRC runs the machine.
func newOpenRC(o Options) (system, error) {
	i, err := newInitd(o, openRCScript, "linux-openrc", "OpenRCScript")
	if err != nil {
		return nil, err
	}
	return &openRC{i}, nil
}

// openRCLevel is the runlevel that OpenRC enters when the machine has started.
const openRCLevel = "default"

func (s *openRC) install(ctx context.Context) (bool, error) {
	changed, err := s.define(ctx)
	if err != nil || !changed && len(runlevels()) > 0 {
		return false, err
	}
	// The library adds the service to the runlevel of the moment, whichever.
	if err := leaveRunlevels(ctx); err != nil {
		return false, err
	}
	_, err = command(ctx, "rc-update", "add", serviceName, openRCLevel)
	return true, err
}

// runlevels are the links to the script in runlevels that start it.
func runlevels() []string {
	links, _ := filepath.Glob("/etc/runlevels/*/" + serviceName) // the pattern is a good one
	return links
}

// leaveRunlevels has no runlevel start the script any more.
func leaveRunlevels(ctx context.Context) error {
	for _, link := range runlevels() {
		if _, err := command(ctx, "rc-update", "delete", serviceName, filepath.Base(filepath.Dir(link))); err != nil {
			return err
		}
	}
	return nil
}

func (s *openRC) uninstall(ctx context.Context) error {
	if err := needRoot("uninstall"); err != nil {
		return err
	}
	if !exists(initdFile) {
		return nil
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	// While the script is there: OpenRC does not take out what it cannot find.
	if err := leaveRunlevels(ctx); err != nil {
		return err
	}
	// The library would do it again, and fail.
	return removeScript()
}

func (s *openRC) start(ctx context.Context) error {
	return s.act("start", func() error {
		return s.started(ctx, func() error {
			// What has ended by itself counts as started until it is told otherwise.
			if err := rcService(ctx, "zap"); err != nil {
				return err
			}
			return rcService(ctx, "start")
		})
	})
}

func (s *openRC) stop(ctx context.Context) error {
	return s.act("stop", func() error {
		if keeper() == 0 {
			return rcService(ctx, "zap")
		}
		return rcService(ctx, "stop")
	})
}

func (s *openRC) restart(ctx context.Context) error { return again(ctx, s) }

// rcService has OpenRC do something with the service.
func rcService(ctx context.Context, verb string) error {
	if _, err := command(ctx, "rc-service", serviceName, verb); err != nil {
		return fmt.Errorf("%s service: %w", verb, err)
	}
	return nil
}

func (s *openRC) status(context.Context) (Status, error) {
	return s.describe("openrc", len(runlevels()) > 0)
}
