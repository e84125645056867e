package review

import (
	"testing"

	"github.com/bookci/bookci/build/book"
)

func TestHabitsOfMarkdownAreTold(t *testing.T) {
	for text, hint := range map[string]string{
		"* 一\n* 二":                                `write a space before the sign: " * 一"`,
		"買うものです。\n* 一":                            `write a space before the sign: " * 一"`,
		"- 一\n- 二":                                `write a space before the sign: " * 一"`,
		"- 一\n\n- 二\n\n- 三":                       `write a space before the sign: " * 一"`,
		"1. 一\n2. 二":                              `write a space before the sign: " 1. 一"`,
		"# 見出し":                                   "write = 見出し",
		"## 見出し ##":                               "write == 見出し",
		"これは**太字**です。":                            "write @<b>{太字}",
		"```ruby\nputs 1\n```":                    "write //emlist[][ruby]{ here, and //} for the closing one",
		"```\n# 一\n\n* **二**\n```":                "write //emlist{ here, and //} for the closing one",
		"[例](https://example.com)を見る":             "write @<href>{https://example.com,例}",
		"![図の題](images/plan.png)":                 "write //image[plan][図の題]{ and //} on lines of their own",
		" * 項目の**太字**":                            "write @<b>{太字}",
		"* 一\n\n* 二":                              `write a space before the sign: " * 一"`,
		"* 注\n- 一\n- 二":                           `write a space before the sign: " * 一"`,
		"コードです。\n```\n**x** = 1\n```":             "write //emlist{ here, and //} for the closing one",
		"```\nx\n\n//emlist{\n**y**\n//}\n\n== 節": "write //emlist{ here, and //} for the closing one",
	} {
		if f := only(t, text); f.Severity != book.Warning || f.Code != "markup-near-miss" || f.Hint != hint {
			t.Errorf("%q: %+v", text, f)
		}
	}
	// Written as the hints say, nothing is told.
	silent(t, " * 一\n * 二", " 1. 一\n 2. 二", "== 見出し", "これは@<b>{太字}です。", "//emlist[][ruby]{\nputs 1\n//}", "@<href>{https://example.com,例}を見る")
}

func TestWhatIsNoHabitOfMarkdownIsSilent(t *testing.T) {
	silent(t,
		"* 注 価格は税込みです。", "本文です。@<br>{}\n* 注 価格は税込みです。", "* 注1@<br>{}\n* 注2", "src/**/test/**/xや「a/**とb/**は」や**/test/**です",
		"- そう言った。", "1. はじめに", "1.5倍になる。\n2.0倍になる。", "-1と\n-2", "*印は必須", "#1の問題", "2**3**4は\na**b**c", "「**太字**」と書く。",
		"//emlist{\n* 一\n- 二\n- 三\n## 四\n**五**\n[a](http://b)\n```\n//}", "//quote{\n- 一\n- 二\n//}",
		"配列の[a](b)を", "@<code>{**太字**}", "- 一人目\n\nべつの段落です。\n\n- 二人目", "** と ** の間", "a ** b ** c")
}

// A forgotten fence mutes nothing but its own paragraph, or what is above the next fence.
func TestAFenceWithoutAPartnerLeavesTheRestOfTheChapterToBeRead(t *testing.T) {
	const fence, bold = "warning write //emlist{ here, and //} for the closing one", "warning write @<b>{太字}"
	for text, want := range map[string]string{
		"```\nx = 1\n\n**太字**":                    fence + "; " + bold,
		"```\nx = 1\n\n== 節\n\n**太字**\n\n```":     fence + "; " + bold + "; " + fence,
		"```\nx\n\n```ruby\ny\n```\n\n**太字**":     fence + "; warning write //emlist[][ruby]{ here, and //} for the closing one; " + bold,
		"```\nx\n```\n\n**太字**":                   fence + "; " + bold,
		"```\nx\n\n//emlist{\n```\n//}\n\n**太字**": fence + "; " + bold,
	} {
		if got := saying(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
