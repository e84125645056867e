//go:build windows

// Command helper does for tests under Wine what a Windows user's other programs do.
//
//	helper hold FILE WORD   has it open, as a viewer has, until there is a file named WORD
package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1: // --help
		fmt.Println("hold FILE WORD")
	case args[0] == "hold":
		err = hold(args[1], args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func hold(file, word string) error {
	name, err := windows.UTF16PtrFromString(file)
	if err != nil {
		return err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ, windows.FILE_SHARE_READ, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return err
	}
	fmt.Println("open")
	wait(word)
	return windows.CloseHandle(h)
}

func wait(word string) {
	for {
		if _, err := os.Lstat(word); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
