// Package wine runs programs for Windows in tests on Linux, under Debian's Wine.
package wine
