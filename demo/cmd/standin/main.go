// Command standin runs the stand-in for Exchange alone, as a process of its own: its faces and its
// control API on loopback addresses.
//
//	standin --mailbox anna@firma.test --mailbox bea@firma.test
//	standin --options FILE      JSON, see options; "-" reads it from standard input and ends with it
//
// It prints one line of JSON with all addresses, and serves until it is told to end.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"holdover/demo/standin"
)

// options is the file; what it lacks has the defaults of standin.Options.
type options struct {
	Host         string              `json:"host"`
	Mailboxes    []standin.Mailbox   `json:"mailboxes"`
	Groups       map[string][]string `json:"groups"`
	Listen       map[string]string   `json:"listen"`  // by face
	Control      string              `json:"control"` // default 127.0.0.1:0
	Certificate  string              `json:"certificate"`
	Key          string              `json:"key"`
	Service      string              `json:"service"`
	Secret       string              `json:"secret"`
	DoubleWindow time.Duration       `json:"double_window"` // nanoseconds
	Connector    standin.Connector   `json:"connector"`
	Largest      int64               `json:"largest"`
	Journal      string              `json:"journal"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "standin:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o, err := read(args, in, cancel)
	if err != nil {
		return err
	}
	so := standin.Options{Host: o.Host, Mailboxes: o.Mailboxes, Groups: o.Groups, Listen: o.Listen, Service: o.Service, Secret: o.Secret,
		DoubleWindow: o.DoubleWindow, Connector: o.Connector, Largest: o.Largest, Journal: o.Journal}
	if o.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(o.Certificate, o.Key)
		if err != nil {
			return err
		}
		so.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	e, err := standin.Start(so)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	l, err := net.Listen("tcp", o.Control)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: e.Control(), ReadHeaderTimeout: time.Minute}
	go server.Serve(l)
	defer server.Close()
	said := struct {
		Control string            `json:"control"`
		Faces   map[string]string `json:"faces"`
		Service string            `json:"service"`
		Secret  string            `json:"secret"`
	}{"http://" + l.Addr().String(), map[string]string{}, o.Service, o.Secret}
	for _, f := range e.Faces() {
		said.Faces[f] = e.Addr(f)
	}
	if err := json.NewEncoder(out).Encode(said); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// read makes options of flags and file. Options on standard input end the program with it: then
// whoever started it needs to do nothing for it to go when he is gone.
func read(args []string, in io.Reader, gone func()) (o options, err error) {
	o.Control = "127.0.0.1:0"
	o.Service, o.Secret = "holdover-service", "secret"
	flags := flag.NewFlagSet("standin", flag.ContinueOnError)
	file := flags.String("options", "", "JSON file with options; - is standard input")
	flags.StringVar(&o.Control, "control", o.Control, "listen address of the control API")
	flags.Func("mailbox", "address of a mailbox, may be repeated", func(address string) error {
		o.Mailboxes = append(o.Mailboxes, standin.Mailbox{Address: address})
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *file == "" {
		return o, nil
	}
	if *file != "-" {
		f, err := os.Open(*file)
		if err != nil {
			return o, err
		}
		defer f.Close()
		in = f
	}
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return o, fmt.Errorf("options: %w", err)
	}
	if *file == "-" {
		go func() {
			io.Copy(io.Discard, in)
			gone()
		}()
	}
	return o, nil
}
