// Package screen owns all that is shown while something runs.
//
// It is told events and results, and writes lines on one Terminal: those that
// stay, and on a real terminal also those that are redrawn in place. Text that
// comes from a manuscript cannot control the terminal. It knows neither commands
// nor exit codes, and writes nothing to stdout.
package screen
