package reaper

import (
	"encoding/json"
	"os/exec"
)

func command(self string) *exec.Cmd { return exec.Command(self, Word) }

// encode is a command as Serve takes it.
func encode(argv []string) string {
	text, err := json.Marshal(argv)
	if err != nil {
		panic(err) // strings always can
	}
	return string(text)
}
