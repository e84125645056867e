package fault

import "errors"

// Hint says what to do about err, "" when there is nothing to say.
func Hint(err error) string {
	var usage *Usage
	var environment *Environment
	var hinted interface{ Hint() string }
	switch {
	case errors.As(err, &usage):
		return usage.Hint
	case errors.As(err, &environment):
		return environment.Hint
	case errors.As(err, &hinted):
		return hinted.Hint()
	}
	return ""
}
