package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"homehook/relay"
)

type serveCmd struct {
	Listen        string        `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address to listen on, as host:port or :port (default ${default})."`
	Domain        string        `placeholder:"D" help:"Domain whose labels are claims: garage.D. Needs a wildcard DNS record."`
	URL           string        `name:"url" placeholder:"URL" help:"The relay's public address, when a proxy stands before it."`
	Data          string        `default:"${data}" placeholder:"DIR" help:"Folder of the relay's data; that of root is another than yours (default as this user: ${data})."`
	TLS           string        `name:"tls" default:"off" placeholder:"off|CERT,KEY" help:"PEM files of certificate and key; they are read anew when they change."`
	Plain         bool          `help:"Allow http on an address that others can reach."`
	MaxBody       size          `placeholder:"SIZE" help:"Longest request body, such as 32MiB; no limit by default."`
	AnswerTimeout time.Duration `default:"5m" placeholder:"DURATION" help:"How long home may take until its answer begins; then the sender gets 504 (default ${default})."`
	MaxQueue      int           `default:"10000" placeholder:"N" help:"Most deliveries of a claim that may wait while its home is away (default ${default})."`
	MaxQueueSize  size          `default:"1GiB" placeholder:"SIZE" help:"Most bytes of them (default ${default})."`
	MaxQueueAge   time.Duration `default:"168h" placeholder:"DURATION" help:"No more are taken while the oldest has waited for longer than this (default ${default})."`
	DiskReserve   *size         `placeholder:"SIZE" help:"Space on the disk that the queue leaves free; 256MiB or 5 % of the disk by default, whichever is more."`
	AccessLog     bool          `help:"Log a line for each request."`
	CombinedLog   string        `placeholder:"FILE|-" help:"Write a line for each request in Combined Log Format, to standard output (-) or at the end of a file; SIGHUP opens the file anew."`
	Dialects      string        `default:"all" placeholder:"D,D" help:"Dialects that agents may use, of ptth, ptth/1.0, ptth/0.9, comet, reversehttp (default ${default})."`
	Open          bool          `help:"Let agents without a token claim names over ReverseHttp; each gets an unguessable ending."`
	Verbose       bool          `short:"v" help:"Log more."`

	handed []net.Listener // that systemd has opened, in the place of Listen
}

// Help shows examples.
func (*serveCmd) Help() string {
	return `The first SIGTERM or Ctrl-C lets running exchanges finish, for 10 seconds at
most; the second one ends the relay at once.

Started by systemd it listens on the sockets that it is handed, if any, in the
place of --listen, says when it is ready, and tells the watchdog that it is well
when it has checked that it answers.

Examples:

    homehook-relay serve --listen :443 --tls cert.pem,key.pem
    homehook-relay serve --listen :8080 --plain --url https://relay.example.com`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, io streams) error {
	var err error
	if c.handed, err = handedOver(); err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if c.Verbose {
		level = slog.LevelDebug
	}
	o.Log = slog.New(slog.NewTextHandler(io.Log, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(o.Log) // the standard library logs there what it finds wrong with HTTP/2
	access, err := openAccessLog(c.CombinedLog, io.Out)
	if err != nil {
		return err
	}
	if access != nil {
		o.CombinedLog = access
		defer access.watch(ctx, o.Log)()
	}
	report := supervisor{log: o.Log}
	o.Version, o.Ready = version(), report.ready
	r, err := relay.New(ctx, o)
	if err != nil {
		return err
	}
	defer r.Close()
	listeners, err := c.listen(ctx)
	if err != nil {
		return err
	}
	scheme := "http"
	if o.TLS != nil {
		scheme = "https"
	}
	for _, ln := range listeners {
		fmt.Fprintf(io.Log, "listening on %s://%s\n", scheme, ln.Addr())
	}
	defer report.watch(ctx, r.Healthy)()
	return r.Serve(ctx, listeners...)
}

// listen opens what the relay listens on, or returns what systemd has opened.
func (c *serveCmd) listen(ctx context.Context) ([]net.Listener, error) {
	if len(c.handed) > 0 {
		return c.handed, nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	return []net.Listener{ln}, nil
}

// options checks the flags, as a whole before anything is opened.
func (c *serveCmd) options() (relay.Options, error) {
	o := relay.Options{
		Data: c.Data, Domain: c.Domain, MaxBody: int64(c.MaxBody),
		MaxQueue: c.MaxQueue, MaxQueueBytes: int64(c.MaxQueueSize), MaxQueueAge: c.MaxQueueAge,
		AnswerTimeout: c.AnswerTimeout, AccessLog: c.AccessLog, Open: c.Open,
	}
	if c.MaxQueue < 1 || c.MaxQueueSize < 1 || c.MaxQueueAge <= 0 {
		return o, usagef("--max-queue, --max-queue-size and --max-queue-age have to be above 0; claims that store nothing are those with the answer mode through")
	}
	if c.DiskReserve != nil {
		// Zero would be the relay's own default.
		if o.DiskReserve = int64(*c.DiskReserve); o.DiskReserve == 0 {
			o.DiskReserve = -1
		}
	}
	if c.Dialects != "all" {
		o.Dialects = strings.Split(strings.ReplaceAll(c.Dialects, " ", ""), ",")
	}
	if o.Data == "" {
		return o, usagef("no folder for the relay's data is known; name one with --data DIR")
	}
	// Zero would be the relay's own default, and not what was asked for.
	if c.AnswerTimeout <= 0 {
		return o, usagef("--answer-timeout %s is no time to answer in; write it like 30s or 5m", c.AnswerTimeout)
	}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil {
			return o, usagef("--url %q is not a URL", c.URL)
		}
		o.URL = u
	}
	conf, err := tlsConfig(c.TLS)
	if err != nil {
		return o, err
	}
	o.TLS = conf
	if len(c.handed) == 0 {
		return o, c.checkPlain(conf, c.Listen)
	}
	for _, ln := range c.handed {
		if err := c.checkPlain(conf, ln.Addr().String()); err != nil {
			return o, err
		}
	}
	return o, nil
}

// checkPlain refuses plain http where tokens would cross a network in it.
func (c *serveCmd) checkPlain(conf *tls.Config, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return usagef("--listen %q is not of the form host:port", addr)
	}
	if conf != nil || c.Plain || isLoopback(host) {
		return nil
	}
	return usagef("plain http on %s would show tokens and webhooks to the network; "+
		"use --tls CERT,KEY, or --plain when a proxy in front of the relay ends TLS", addr)
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
