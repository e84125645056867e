// Command chromium drives a headless Chromium for the tests of the preview,
// which live in a module that does not depend on Chromium's driver. Each line of
// its input is a Request, each line of its output the Answer; it ends with its
// input. See internal/chromium for who speaks with it.
//
//	chromium PROGRAM LANGUAGE
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"github.com/chromedp/chromedp"
)

// Request is one thing to do. The fields that are given are done in this order.
type Request struct {
	Width, Height int64  // of the window
	Open          string // a URL
	Evaluate      string // JavaScript
	Picture       bool
}

// Answer is what became of a request.
type Answer struct {
	Value   any    `json:",omitempty"` // what the script is
	Picture []byte `json:",omitempty"` // PNG
	Error   string `json:",omitempty"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: chromium PROGRAM LANGUAGE")
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(os.Args[1]), chromedp.Flag("headless", "new"),
		chromedp.Flag("no-sandbox", true), chromedp.Flag("lang", os.Args[2]), chromedp.Flag("accept-lang", os.Args[2]))
	defer end()
	tab, end := chromedp.NewContext(ctx)
	defer end()
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r Request
		if err := in.Decode(&r); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(answer(tab, r)); err != nil {
			log.Fatal(err)
		}
	}
}

func answer(tab context.Context, r Request) (a Answer) {
	var err error
	if r.Width > 0 {
		_, err = chromedp.Run(tab, chromedp.EmulateViewport(r.Width, r.Height))
	}
	if err == nil && r.Open != "" {
		_, err = chromedp.Run(tab, chromedp.Navigate(r.Open))
	}
	if err == nil && r.Evaluate != "" {
		a.Value, err = chromedp.Run(tab, chromedp.Evaluate[any](r.Evaluate))
	}
	if err == nil && r.Picture {
		a.Picture, err = chromedp.Run(tab, chromedp.CaptureScreenshot())
	}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}
