package book

import (
	"slices"
	"strings"

	"github.com/bookci/bookci/build/book/psych"
	"github.com/bookci/bookci/internal/text"
)

// configKeys are the keys that Re:VIEW 2 to 5 know. A config may have others,
// for hooks and styles of the book's own: only one that is nearly one of these
// is taken for a slip.
var configKeys = strings.Fields(`
	advfile ant asn aut a-adp a-ann a-arr a-art a-asn a-aqt a-aft a-aui a-ant a-bkp a-clb a-cmm a-csl a-dsr a-edt a-ill a-lyr a-mdc a-mus a-nrt
	a-oth a-pht a-prt a-red a-rev a-spn a-ths a-trc a-trl adp ann arr art aqt aft aui bkp clb cmm csl dsr edt ill lyr mdc mus nrt oth pbd pbl pht
	prt red rev spn ths trc trl backcover bib_file bookname booktitle caption_position catalogfile chapter_file chapterlink colophon colophon_order
	contact contentdir cover coverage coverfile coverimage creditfile date debug description direction dvicommand dvioptions edt epubmaker epubversion
	ext externallink extract_singlepage flattoc flattocindent font_ext fontdir fontsize footnotetext format highlight history htmlext htmlversion
	identifier image_ext image_maxpixels image_scale2width image_types imagedir imgmath imgmath_options inherit isbn join_lines_by_lang language
	linenum lineheight listinfo makeindex makeindex_command makeindex_dic makeindex_mecab makeindex_mecab_opts makeindex_options makeindex_sty
	math_format mathml modified mytoc nolf opf_meta opf_prefix originaltitlefile page_metric params part_file pdfmaker playwright_options
	postdef_file preamble_file predef_file profile profiletitle pubevent_name pubhistory publisher reject_file relation review_version rights rubyoption
	secnolevel source structuredxml stylesheet subject table_row_separator tableopt texcommand texdocumentclass texoptions texstyle textmaker
	titlefile titlepage toc toclevel type urnid use_original_image_size webmaker webttl words_file`)

// sectionKeys are those that stand in a maker's own section alone.
var sectionKeys = strings.Fields(`
	back_footnote bbox boxsetting cover_linear force_include_images hook_afterbackmatter hook_afterbody hook_aftercopyimage hook_afterdvipdf
	hook_afterfrontmatter hook_aftermakeindex hook_aftertexcompile hook_beforemakeindex hook_beforeprocess hook_beforetexcompile hook_prepack
	ncxindent ncx_indent note memo tip info warning important caution notice olnum_latex options options_with_caption rename_for_legacy style
	th_bold use_cover_nombre use_section verify_target_images zip_addpath zip_stage1 zip_stage2`)

// otherKeys are what other programs call a key.
var otherKeys = map[string]string{"author": "aut", "authors": "aut", "title": "booktitle", "lang": "language", "name": "bookname"}

// misspelledKeys finds keys that are nearly one of Re:VIEW's.
func (c *config) misspelledKeys(t Target) []Diagnostic {
	found := c.misspelled(c.values, configKeys)
	if section := c.values.Get(string(t) + "maker"); section != nil {
		if m, ok := section.Val.(*psych.Map); ok {
			found = append(found, c.misspelled(m, slices.Concat(sectionKeys, configKeys))...)
		}
	}
	return found
}

func (c *config) misspelled(m *psych.Map, known []string) []Diagnostic {
	var found []Diagnostic
	for _, k := range m.Keys {
		key := k.Ruby()
		if slices.Contains(known, key) {
			continue
		}
		near := text.Nearest(key, known)
		if other := otherKeys[strings.ToLower(key)]; other != "" {
			near = other
		}
		if near == "" || m.Get(near) != nil {
			continue // two keys of one meaning are no slip of the hand
		}
		found = append(found, c.diagnostic(Warning, "config-key", k, "Re:VIEW knows no key "+key+" and passes over it", "write "+near+":"))
	}
	return found
}
