package workshop

import "sync"

// waits tells who wants to know that the engine is going to take minutes: its
// image has to be loaded, pulled or built.
type waits struct {
	mu    sync.Mutex
	begun bool
	calls map[*func()]bool
}

// tell has call called once, as soon as a wait begins: at once where it has
// begun already. After stop it is not called any more.
func (w *waits) tell(call func()) (stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun {
		call()
		return func() {}
	}
	if w.calls == nil {
		w.calls = map[*func()]bool{}
	}
	w.calls[&call] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.calls, &call)
	}
}

// end is told that it is over.
func (w *waits) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun = false
}

// begin is told that a wait begins. The calls must return at once.
func (w *waits) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun = true
	for call := range w.calls {
		(*call)()
		delete(w.calls, call)
	}
}
