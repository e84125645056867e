package process

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Started is when a process started, in the system's own units; "" where it is
// not known.
func Started(pid int) string {
	p, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(p)
	var made, ended, kernel, user windows.Filetime
	if windows.GetProcessTimes(p, &made, &ended, &kernel, &user) != nil {
		return ""
	}
	return fmt.Sprint(made.Nanoseconds())
}
