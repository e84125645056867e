//go:build unix

package process

import (
	"fmt"
	"os"
	"strings"
)

// Started is when a process started, in the system's own units; "" where it is
// not known.
func Started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The command's name, in parentheses, may hold anything.
	_, after, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	fields := strings.Fields(after)
	const startField = 22 - 3 // the first after the name is the third
	if len(fields) <= startField {
		return ""
	}
	return fields[startField]
}
