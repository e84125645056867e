// Command tests runs this repository's tests on any machine. It looks for what
// they need beyond Go and a Docker Engine, fetches what is missing into a folder of
// the user's cache, and says what it fetched; nothing is installed. What cannot be
// had is named, and the tests that need it are skipped and counted.
//
//	go run ./internal/tests              every test
//	go run ./internal/tests ./links      as `go test ./links`, with what was fetched
//	go run ./internal/tests -env         prints what a shell would need to have it
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("tests: ")
	args := os.Args[1:]
	printEnv := len(args) == 1 && args[0] == "-env"
	cache, err := os.UserCacheDir()
	if err != nil {
		log.Fatal(err)
	}
	env := setUp(filepath.Join(cache, "bookci-test"))
	for name, value := range env {
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
	if printEnv {
		for name, value := range env {
			fmt.Printf("export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
		}
		return
	}
	if len(args) == 0 {
		args = []string{"./..."}
	}
	if err := test(args); err != nil {
		log.Fatal(err)
	}
}

// test runs `go test` and tells what came of it.
func test(args []string) error {
	// Some packages start hundreds of containers, on machines that may be small.
	argv := []string{"test", "-json", "-timeout", "25m"}
	if _, err := exec.LookPath("gcc"); err == nil && os.Getenv("CGO_ENABLED") != "0" {
		argv = append(argv, "-race")
	} else {
		log.Print("without the race detector, which needs a C compiler")
	}
	argv = append(argv, args...)
	log.Print("go ", strings.Join(argv, " "))
	cmd := exec.Command("go", argv...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	verdict := summarise(out, os.Stdout)
	if err := cmd.Wait(); err != nil && verdict == nil {
		return fmt.Errorf("go test: %w", err)
	}
	return verdict
}
