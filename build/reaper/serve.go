package reaper

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/bookci/bookci/internal/fsx"
	"github.com/bookci/bookci/internal/process"
)

// Word is the command of this program that calls Serve with its standard input.
const Word = "reap"

// Serve does what the shell does on other systems: it notes what it is told until
// r ends, and then removes what is left. Processes end with their owner there.
func Serve(r io.Reader) error {
	var files, sweeper []string
	containers := 0
	lines := bufio.NewScanner(r)
	const longestLine = 1 << 20
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		word, arg, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "remove":
			files = append(files, arg)
		case "keep":
			files = slices.DeleteFunc(files, func(f string) bool { return f == arg })
		case "container":
			n, err := strconv.Atoi(arg)
			if err != nil {
				return fmt.Errorf("reading %q: %w", lines.Text(), err)
			}
			containers += n
		case "sweeper":
			if err := json.Unmarshal([]byte(arg), &sweeper); err != nil {
				return fmt.Errorf("reading %q: %w", lines.Text(), err)
			}
		}
	}
	errs := []error{lines.Err()}
	for _, f := range files {
		errs = append(errs, fsx.RemoveAll(f))
	}
	if containers > 0 && len(sweeper) > 0 {
		cmd := exec.Command(sweeper[0], sweeper[1:]...)
		process.Detach(cmd)
		errs = append(errs, cmd.Run())
	}
	return errors.Join(errs...)
}
