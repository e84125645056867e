// Package testbook writes small books for tests.
package testbook
