package settings

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"

	"github.com/bookci/bookci/build/book"
	"github.com/bookci/bookci/internal/fault"
	"github.com/bookci/bookci/internal/text"
)

// hook decodes the text of a value, as the file, a variable or a flag has it.
func hook(from, to reflect.Type, data any) (any, error) {
	if b, ok := data.(bool); ok {
		data = strconv.FormatBool(b)
	}
	text, ok := data.(string)
	switch {
	case !ok && (from.Kind() == to.Kind() || from.Kind() == reflect.Map && to.Kind() == reflect.Struct):
		return data, nil
	case !ok:
		return nil, fmt.Errorf("is %s, not %s", kinds[from.Kind()], cmp.Or(kinds[to.Kind()], "a single value"))
	}
	switch to {
	case reflect.TypeFor[bool]():
		return parseBool(text)
	case reflect.TypeFor[time.Duration]():
		return ParseDuration(text)
	case reflect.TypeFor[Bytes]():
		return parseMemory(text)
	case reflect.TypeFor[Processes]():
		n, err := strconv.ParseInt(text, 10, 32)
		return limit(text, n, err == nil && n >= 0, "number of processes, such as 1024")
	case reflect.TypeFor[CPUs]():
		n, err := strconv.ParseFloat(text, 64)
		return limit(text, n, err == nil && n >= 0.01 && n <= 4096, "number of processors, such as 2 or 0.5")
	case reflect.TypeFor[Count]():
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no whole number, such as 2048", text)
		}
		return n, nil
	case reflect.TypeFor[Jobs]():
		return parseJobs(text)
	case reflect.TypeFor[Poll]():
		if b, err := parseBool(text); err == nil {
			text = strconv.FormatBool(b)
		}
		return text, oneOf("auto", "true", "false")(text)
	case reflect.TypeFor[[]string](), reflect.TypeFor[[]book.Target]():
		return splitList(text), nil
	case reflect.TypeFor[book.Target]():
		return parseTarget(text)
	case reflect.TypeFor[map[string]string]():
		return splitPairs(text)
	}
	return text, nil
}

var kinds = map[reflect.Kind]string{reflect.Slice: "a list", reflect.Map: "a mapping"}

// unlimited tells whether text lifts a limit.
func unlimited(text string) bool {
	switch strings.ToLower(text) {
	case "none", "unlimited", "0", "-1":
		return true
	}
	return false
}

// limit is n, or 0 where the text lifts the limit. ok says that the text is a number
// of that kind; what names the kind in an error.
func limit[N int64 | float64](text string, n N, ok bool, what string) (N, error) {
	switch {
	case unlimited(text):
		return 0, nil
	case !ok:
		return 0, fmt.Errorf("%q is no %s", text, what)
	}
	return n, nil
}

// leastMemory is what Docker refuses to go below.
const leastMemory = 6 << 20

func parseMemory(text string) (int64, error) {
	if unlimited(text) {
		return 0, nil
	}
	n, err := ParseSize(text)
	if err == nil && n < leastMemory {
		err = fmt.Errorf("%q is less than the %d MiB that a container needs", text, leastMemory>>20)
	}
	return n, err
}

// ParseSize reads a number of bytes: "4GiB", "512m", "1.5g", "1048576". As
// with docker run, all units are powers of 1024.
func ParseSize(text string) (int64, error) {
	n, err := units.RAMInBytes(strings.TrimSpace(text))
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no size, such as 4GiB or 512m", text)
	case n < 0 || n >= 1<<62: // also what has overflowed
		return 0, fmt.Errorf("%q is too large", text)
	}
	return n, nil
}

func parseJobs(text string) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case err != nil || n > 1024:
		return 0, fmt.Errorf("%q is no number of jobs, such as 2", text)
	case n < 1:
		return 0, fault.Usagef("leave it out for as many as there are processors", "%q: at least one book at a time", text)
	}
	return n, nil
}

// parseBool reads what people write for yes and no.
func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

// ParseDuration reads "15m", "1h30m", "7d", "90s", and 0 from what lifts a limit. A
// bare number has no unit and is refused rather than guessed at.
func ParseDuration(text string) (time.Duration, error) {
	if unlimited(text) {
		return 0, nil
	}
	d, err := parseDays(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return 0, fault.Usagef(fmt.Sprintf("%sm are minutes, %ss are seconds", text, text), "%q lacks a unit, as in %ss or %sm", text, text, text)
		}
		return 0, fmt.Errorf("%q is no duration, such as 15m or 90s", text)
	}
	if d < 0 {
		return 0, fmt.Errorf("%q is negative", text)
	}
	return d, nil
}

// parseDays is time.ParseDuration, with days before the hours: "7d", "1d12h".
func parseDays(text string) (time.Duration, error) {
	before, rest, ok := strings.Cut(text, "d")
	days, err := strconv.ParseUint(before, 10, 16)
	if !ok || err != nil {
		return time.ParseDuration(text)
	}
	sum := time.Duration(days) * 24 * time.Hour
	if rest == "" {
		return sum, nil
	}
	more, err := time.ParseDuration(rest)
	if err == nil && more < 0 {
		err = errors.New("days and less than nothing")
	}
	return sum + more, err
}

func parseTarget(name string) (book.Target, error) {
	t, err := book.ParseTarget(name)
	if err != nil {
		err = fmt.Errorf("%w%s", err, text.DidYouMean(name, groups["command"]))
	}
	return t, err
}

// splitList reads "a, b".
func splitList(text string) []string {
	var list []string
	for item := range strings.SplitSeq(text, ",") {
		list = append(list, strings.TrimSpace(item))
	}
	return list
}

// splitPairs reads "A=1,B=2".
func splitPairs(text string) (map[string]string, error) {
	pairs := map[string]string{}
	for item := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(item, "=")
		if name = strings.TrimSpace(name); !ok {
			return nil, fmt.Errorf("%q is no NAME=value; several are written with commas between them", item)
		}
		if _, twice := pairs[name]; twice {
			return nil, errors.New(name + " is given twice")
		}
		pairs[name] = value
	}
	return pairs, nil
}
