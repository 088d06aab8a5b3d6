// Command zz is temporary.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"path/filepath"

	"homehook/agent"
	"homehook/agent/credentials"
	"homehook/relay"
)

func main() {
	dir := os.Args[2]
	ctx := context.Background()
	if os.Args[1] == "relay" {
		go http.ListenAndServe("127.0.0.1:6062", nil)
		r, err := relay.New(ctx, relay.Options{Data: dir, MaxLinks: 256})
		if err != nil {
			panic(err)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:21001")
		if err != nil {
			panic(err)
		}
		fmt.Println(r.Serve(ctx, ln))
		return
	}
	go http.ListenAndServe("127.0.0.1:6061", nil)
	creds, err := credentials.Open(filepath.Join(dir, "state"))
	if err != nil {
		panic(err)
	}
	a, err := agent.New(ctx, agent.Options{Config: filepath.Join(dir, "config.yaml"), History: filepath.Join(dir, "state", "history.db"), Credentials: creds, Version: "x", Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		panic(err)
	}
	fmt.Println(a.Run(ctx))
}
