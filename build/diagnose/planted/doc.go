// Package planted is a small sound book and the mistakes that authors make in
// it, each with the place where it must be reported. Tests plant them.
package planted
