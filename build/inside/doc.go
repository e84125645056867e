// Package inside is what runs inside a session: shell and Ruby, embedded into
// the binary and unpacked into bookci's own folder there. bin comes first on
// PATH, lib is read by it and preloaded into Ruby.
//
// protocol.go holds the words that these programs and bookci exchange.
package inside
