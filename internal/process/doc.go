// Package process starts and ends processes with all that they started.
package process
