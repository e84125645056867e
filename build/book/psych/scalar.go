package psych

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The expressions are those of Psych::ScalarScanner; a ^ or $ of Ruby stands
// at every line.
var (
	psychText   = regexp.MustCompile(`(?m)^[^\d.:-]?[\p{L}\p{M}\p{Nl}_\s!@#$%^&*(){}<>|/\\~;=]+`)
	psychOther  = regexp.MustCompile(`(?im)^[^ytonf~]`)
	psychNull   = regexp.MustCompile(`(?im)^null$`)
	psychTrue   = regexp.MustCompile(`(?im)^(yes|true|on)$`)
	psychFalse  = regexp.MustCompile(`(?im)^(no|false|off)$`)
	psychTime   = regexp.MustCompile(`(?m)^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$`)
	psychDate   = regexp.MustCompile(`^(\d{4})-(1[012]|0\d|\d)-([12]\d|3[01]|0\d|\d)$`)
	psychInf    = regexp.MustCompile(`(?i)^\+?\.inf$`)
	psychNegInf = regexp.MustCompile(`(?i)^-\.inf$`)
	psychNaN    = regexp.MustCompile(`(?i)^\.nan$`)
	psychSymbol = regexp.MustCompile(`^:.`)
	psychBase60 = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}$`)
	psychTime60 = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}\.[0-9_]*$`)
	psychFloat  = regexp.MustCompile(`^[-+]?([0-9][0-9_,]*)?\.[0-9]*([eE][-+][0-9]+)?$`)
	psychInt    = regexp.MustCompile(`^(?:[-+]?0b[0-1_,]+|[-+]?0[0-7_,]+|[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|[-+]?0x[0-9a-fA-F_,]+)$`)
)

// scalar resolves a scalar node, and says why Re:VIEW would refuse it.
func scalar(n *yaml.Node) (val any, refused string) {
	if n.Style&yaml.TaggedStyle != 0 {
		switch n.Tag {
		case "!!str", "!str", "!!binary", "!binary", "!ruby/string":
			return n.Value, ""
		case "!!float", "!float":
			v, _ := tokenize(n.Value)
			if i, ok := v.(int64); ok {
				return float64(i), ""
			}
			return v, ""
		}
		return tokenize(n.Value) // quoted or not
	}
	if n.Style != 0 {
		return n.Value, ""
	}
	return tokenize(n.Value)
}

func tokenize(s string) (val any, refused string) {
	if s == "" {
		return nil, ""
	}
	if psychText.MatchString(s) || strings.Contains(s, "\n") {
		switch {
		case utf8.RuneCountInString(s) > 5, psychOther.MatchString(s):
			return s, ""
		case s == "~", psychNull.MatchString(s):
			return nil, ""
		case psychTrue.MatchString(s):
			return true, ""
		case psychFalse.MatchString(s):
			return false, ""
		}
		return s, ""
	}
	switch {
	case psychTime.MatchString(s):
		return s, "time"
	case psychDate.MatchString(s):
		m := psychDate.FindStringSubmatch(s)
		year, _ := strconv.Atoi(m[1])
		month, _ := strconv.Atoi(m[2])
		day, _ := strconv.Atoi(m[3])
		date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		if month < 1 || day < 1 || date.Day() != day {
			return s, ""
		}
		return Date(date.Format("2006-01-02")), ""
	case psychInf.MatchString(s):
		return math.Inf(1), ""
	case psychNegInf.MatchString(s):
		return math.Inf(-1), ""
	case psychNaN.MatchString(s):
		return math.NaN(), ""
	case psychSymbol.MatchString(s):
		return s, "symbol"
	case psychBase60.MatchString(s):
		return base60(s), ""
	case psychTime60.MatchString(s):
		return base60(s), ""
	case psychFloat.MatchString(s):
		if f, err := rubyParseFloat(s); err == nil {
			return f, ""
		}
	case psychInt.MatchString(s):
		if i, err := rubyParseInt(s); err == nil {
			return i, ""
		}
	}
	return s, ""
}

// base60 counts 1:30 as Psych does: the first of two parts weighs 3600.
func base60(s string) any {
	float := strings.Contains(s, ".")
	var sum float64
	for i, part := range strings.Split(s, ":") {
		f, _ := strconv.ParseFloat(strings.TrimSuffix(strings.ReplaceAll(part, "_", ""), "."), 64)
		sum += f * math.Pow(60, math.Abs(float64(i-2)))
	}
	if float {
		return sum
	}
	return int64(sum)
}

var deleteCommas = strings.NewReplacer(",", "", "_", "")

func rubyParseFloat(s string) (float64, error) {
	s = deleteCommas.Replace(s)
	if strings.Trim(s, "+-") == "." {
		return 0, strconv.ErrSyntax
	}
	f, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		return f, nil
	}
	return f, err
}

// longestInt bounds the numbers that are read: it takes quadratic time. A longer one
// is taken for text.
const longestInt = 10_000 // digits

func rubyParseInt(s string) (any, error) {
	s = deleteCommas.Replace(s)
	if len(s) > longestInt {
		return nil, strconv.ErrSyntax
	}
	i, ok := new(big.Int).SetString(s, 0)
	if !ok {
		return nil, strconv.ErrSyntax
	}
	if i.IsInt64() {
		return i.Int64(), nil
	}
	return i, nil
}
