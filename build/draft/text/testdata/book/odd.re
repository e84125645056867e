= おかしな章

=見出しではない
 =これも

: 行頭のコロン
 説明

@<b>{太}@<i>{斜}@<em>{強}@<strong>{もっと}@<tt>{等}@<ttb>{等太}@<tti>{等斜}@<code>{コ}@<u>{下}@<bou>{傍}@<ami>{網}@<sup>{上}@<sub>{下}@<ins>{入}@<del>{消}@<tcy>{縦}@<balloon>{吹}。
@<kw>{信任状, credential}と@<kw>{単語}と@<ruby>{愕然,がくぜん}と@<ruby>{a\,b,c\,d}。
@<href>{http://example.com/, 例}と@<href>{http://example.com/?a\,b}と@<href>{http://example.com/a\b, x}。
@<m>$\frac{1}{2}$と@<m>{\frac{1\}{2\}}と@<m>|a$b|と@<tt>{\\}と@<tt>{a\\\}b}と@<b>|\|と@<code>$@<b>{x}$。
@<idx>{索引}@<hidx>{隠れ<<>>子}@<hidx>$a$@<br>{}改行@<uchar>{2460}@<comment>{見えない}。
@<raw>{|plaintext|テキスト\n改行}@<raw>{|html|<b>}@<raw>{すべて}@<embed>{|plaintext,html|埋め込み\n}@<embed>{|latex|x}。
@<w>{LGPL}と@<wb>{i18n}と@<w>{改}。
閉じない@<b>{太字
単独の@<i>と@<x。
@<pageref>{here}と@<labelref>{here}と@<ref>{here}。
メール a@<b.c> と @ と @< と $x$。
@<fn>{note}

//footnote[note][脚注に\]と\\と\nと@<b>{太}]

	先頭のタブ
	  タブと空白

//list[escaped][a\]b@<code>{c\}d}][]{
@<b>{a}@<code>|b|$c$ \ { }
  	混ざったタブ	x
//}

最後の行 @<title>{extra}と@<chap>{second}と@<chapref>{題だけの部}と@<chap>{first}と@<chapref>{first}と@<chap>{preface}。
==