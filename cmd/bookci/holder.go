package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bookci/bookci/internal/fsx"
)

// The process that has the root says so in a file beside the lock, for those who
// wait. Only people read that file. A false one, which may have come with the
// manuscript, decides nothing.

// holder is what the file says.
type holder struct {
	Command string    `json:"command"`
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
}

func (p *project) holderFile() string { return filepath.Join(p.state(), "lock-holder.json") }

// longestCommand bounds what is said of a command line, in characters.
const longestCommand = 80

// sayHolder writes that this process has the root. Without the file others wait
// as well, and know less.
func (p *project) sayHolder() {
	command := append([]string{"bookci"}, os.Args[1:]...)
	text, err := json.Marshal(holder{Command: strings.Join(command, " "), PID: os.Getpid(), Since: time.Now()})
	if err != nil {
		return
	}
	f, err := fsx.CreateOwn(p.holderFile())
	if err != nil {
		return
	}
	_, _ = f.Write(text)
	_ = f.Close()
}

// holder tells who has the root, as the end of a sentence; "" when it is not known.
func (p *project) holder() string {
	text, err := fsx.ReadBelow(p.root, p.holderFile(), 64<<10)
	var h holder
	if err != nil || json.Unmarshal(text, &h) != nil || h.PID == 0 {
		return ""
	}
	command := []rune(h.Command)
	if len(command) > longestCommand {
		command = append(command[:longestCommand-1], '…')
	}
	return fmt.Sprintf(": %q, process %d, since %s", string(command), h.PID, h.Since.Format("15:04:05"))
}
