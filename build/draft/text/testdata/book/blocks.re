= ブロックの章

//lead{
リード文の一行目。
二行目。

二段落目。
//}

段落の一行目。
	タブで始まる行。
　全角の空白で始まる行。
最後の行。
//noindent
続きの段落。
#@# コメントは段落を切る
ここは別の段落。

=={label} 節の題@<code>{a_b}
==={sub} 項の題
==== 目の題
===== 段の題
====== 小段の題

==[nonum] 番号なし
==[notoc] 目次なし
==[nodisp] 見えない
== 番号が続く

//list[one][題@<b>{太字}][ruby]{
def a
	tab	stop
  "@<i>{イタ}" # @<balloon>{吹き出し}

end
//}

//listnum[two][番号付き]{
一
二
//}

//emlist{
題なし
//}

//emlist[題あり][c]{
int main() { return 0; }

//}

//firstlinenum[9]
//emlistnum[行番号]{
九
十
十一
//}

//source[/a/b.rb][ruby]{
puts 1
//}

//cmd[端末]{
$ ls @<b>{-l}
//}

//cmd{
//}

//quote{
引用の一行目。
  字下げの行。

二段落目。

//}

//centering{
まんなか
//}

//flushright{
みぎ

よせ
//}

//note[覚え書き]{
囲みの段落。

 * 箇条書き
 * ふたつ

//list[inner][囲みの中のリスト]{
なか
//}

終わりの段落。
//}

//memo{
題のない囲み。
//}
//tip[ヒント]{
本文
//}
//info[情報]{
//}
//warning[警告]{
本文
//}
//important[重要]{
本文
//}
//caution[注意]{
本文
//}
//notice[お知らせ]{
本文
//}

//box[箱]{
箱の行
  そのまま
//}

//bpo{
bpoの行
//}

//comment[注釈]{
見えない
//}
//comment[短い注釈]

//embed{
どこにでも @<b>{そのまま}
//}
//embed[html]{
<p>HTMLだけ</p>
//}
//embed[plaintext,html]{
テキストにも
//}
//raw[|html|<br>]
//raw[|plaintext|一行\n二行]
//raw[全部]

//texequation{
\sum_{i=1}^n @<b>{x}
//}

//texequation[emc][質量@<b>{と}エネルギー]{
E = mc^2
//}
@<eq>{emc}を使う。

//image[plan][見取り図@<b>{太}][scale=0.5]{
+--+
//}
//image[plan2][別の図]
//indepimage[free][番号なしの図]
//indepimage[free2]
//numberlessimage[free3][番号なし]{
//}
//graph[g][graphviz][グラフ]{
digraph { a -> b }
//}
@<img>{plan}、@<imgref>{plan2}、@<img>{g}、@<img>{blocks|plan}、@<icon>{icon}。

脚注@<fn>{a}と@<fn>{b}、後注@<endnote>{e}。
//footnote[b][二つめ@<b>{太}]
//footnote[a][一つめ]
//endnote[e][後注の文]
//endnote[f][使わない\]後注]

//blankline
//blankline
//label[here]
//printendnotes

===[column] コラムの題
コラムの段落。
====[nonum] コラムの小見出し
小見出しの文。

===[column]{second} 次のコラム
本文。

===[/column]

コラムのあと。@<column>{コラムの題}、@<column>{second}、@<column>{blocks|second}。

@<hd>{sub}、@<hd>{label}、@<sec>{sub}、@<secref>{lists|ol}、@<sectitle>{lists|ol}、@<sec>{extra|one}。
@<list>{one}、@<list>{two}、@<list>{inner}、@<list>{lists|far}、@<table>{tables|t}、@<table>{extra|t}。
@<bib>{lins}、@<bib>{knuth}。
