//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bookci/bookci/internal/standin"
	"github.com/bookci/bookci/internal/wine"
)

// TestWindowsScripts run bookci.exe under Wine, with a Docker Engine that it
// reaches by TCP.
func TestWindowsScripts(t *testing.T) {
	api := standin.Docker(t)
	image := standin.Image(t, api)
	w := wine.Start(t)
	bin := t.TempDir()
	// This system's own bookci, to compare with.
	own, err := exec.LookPath("bookci")
	if err == nil {
		err = os.WriteFile(filepath.Join(bin, "bookci-here"), []byte("#!/bin/sh\nexec '"+own+"' \"$@\"\n"), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Build(t, "github.com/bookci/bookci/cmd/bookci", filepath.Join(bin, "bookci"))
	w.Build(t, "github.com/bookci/bookci/internal/wine/helper", filepath.Join(bin, "helper"))
	testscript.Run(t, testscript.Params{
		Dir: "testdata/windows",
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLE", filepath.Join(moduleTop, "sample-book"))
			return (&scene{t: t, api: api, image: image, bins: []string{bin}, tcp: true}).setup(env)
		},
		Cmds:      scriptCommands,
		Condition: scriptCondition(api),
	})
}
