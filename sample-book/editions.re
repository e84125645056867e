= 印刷版と電子版

//lead{
同じ原稿から、印刷所に渡すPDF、画面で読むPDF、そしてEPUBを作ります。原稿は1組のまま、違いだけを設定に書くのがこつです。
//}

== 3つのできあがり

紙の本と電子の本では、読者の環境も、守るべき決まりも違います。まず、何が違うのかを@<table>{differences}で押さえておきましょう。

//tsize[|latex||p{18mm}p{25mm}p{25mm}p{27mm}|]
//table[differences][3つのできあがりの違い]{
項目	印刷用PDF	電子版PDF	EPUB
------------
読む場所	紙	画面	画面
ページ	固定	固定	端末に合わせて流れる
表紙	別のファイル	先頭に入れる	先頭に入れる
トンボ	要る	要らない	ない
リンク	要らない	要る	要る
色	1色が多い	カラー	カラー
白ページ	入れる	入れない	ない
//}

これを原稿の中で場合分けしていくと、原稿がすぐに読めなくなります。Re:VIEWでは、ほとんどの違いを設定ファイルだけで表せます。

== 設定を受け継ぐ

印刷版の設定を@<code>{config.yml}に書き、電子版の@<code>{config-ebook.yml}には違うところだけを書きます。@<code>{inherit}が、残りを受け継ぐ印です@<hidx>{inherit}。全体の関係は@<img>{variants}のようになります。

//image[variants][1組の原稿から3つのできあがり]{
config.ymlをconfig-ebook.ymlが受け継ぎ、印刷用PDF、電子版PDF、EPUBができる
//}

@<list>{ebook}は、この本の電子版の設定から要点を抜き出したものです。

//list[ebook][config-ebook.yml][yaml]{
inherit: ["config.yml"]

imagedir: images-ebook
coverimage: cover.png
texdocumentclass: ["review-jsbook",
                   "media=ebook,openany,paper=a5"]
stylesheet: ["style.css"]
math_format: imgmath
//}

@<code>{media=ebook}にすると、トンボが消え、リンクが有効になり、表紙が入ります。@<code>{openany}は、章を左右どちらのページからでも始める指定です。紙では章を右ページから始めるために白いページがはさまることがありますが、画面で読むには邪魔になるだけです。

@<code>{imagedir}では、図のフォルダごと切り替えています。印刷版は1色なのでグレーの図を、電子版ではカラーの図を使うためです。同じ名前の図を2つのフォルダに置いておけば、原稿は何も変えずに済みます。

== まとめて組む

2つの設定があることを、@<code>{bookci.yml}で教えます@<hidx>{bookci.yml}。

//list[books][bookci.yml][yaml]{
image: vvakame/review:5.9
books:
  - {name: print, config: config.yml, targets: [pdf]}
  - {name: ebook, config: config-ebook.yml, targets: [pdf, epub]}
//}

これで、@<code>{bookci build}の1回で3つのファイルができます。

//cmd{
$ bookci build
artifacts/print/book.pdf
artifacts/ebook/book.pdf
artifacts/ebook/book.epub
//}

片方だけを組みたいときは@<code>{--book}で名前を、できあがりの種類を絞りたいときは@<code>{--target}を指定します。

//cmd{
$ bookci build --book ebook --target epub
//}

印刷版と電子版は同時に組まれます。パソコンの負荷を抑えたいときは@<code>{--jobs 1}としてください。

//note[bookci.ymlはなくても動く]{
本が1つで、設定が@<code>{config.yml}だけなら、@<code>{bookci.yml}は要りません。@<code>{bookci build --config config-ebook.yml}のように、その場で指定することもできます。
//}

== EPUBを整える

EPUBの中身は、XHTMLとCSSと画像を1つにまとめたものです@<bib>{epub}。紙面の見た目は@<code>{style.css}で決めます。ただし、ウェブページのつもりで凝った装飾をすると、端末によっては崩れます。次の方針で書くと失敗が少なくなります。

 * 文字の大きさと行間は、読者の設定に任せる。絶対値の単位を避け、@<code>{em}で書く。
 * 背景色と文字色は、片方だけを指定しない。夜間表示で読めなくなることがある。
 * 横幅を固定しない。図は@<code>{max-width: 100%}としておく。
 * コードは折り返せるようにする。横に動かせない端末があるため。

@<list>{css}は、この本のコードの部分です。

//list[css][style.cssの一部][css]{
pre {
  border-left: 0.25em solid #13707c;
  background-color: #f2f6f6;
  color: #1d2a33;
  white-space: pre-wrap;
  overflow-wrap: break-word;
}
//}

=== 表紙

EPUBの表紙は、書店の一覧に小さく表示されます。@<code>{coverimage}に指定する画像は、縮めても書名が読めるように、字を大きく、要素を少なくします。Re:VIEWは既定では画素数の多すぎる画像に警告を出すので、長い辺で2,000画素程度を目安にするとよいでしょう。書店ごとの決まりがあるときは、そちらに従ってください。

=== 検査する

書店に出す前に、epubcheckという検査の道具に通しておきましょう@<hidx>{epubcheck}。EPUBの規格に反するところを、ファイル名と行番号で教えてくれます。

//cmd{
$ epubcheck artifacts/ebook/book.epub
//}

エラーが出なくなってから、実際の端末でも開いてください。専用の読書端末、スマートフォン、パソコンでは、同じEPUBでも見え方が違います。表がはみ出していないか、コードが読めるか、脚注から本文に戻れるか。この3つは必ず目で確かめます。

== 電子書店に出す

電子書店には、PDFとEPUBのどちらか、または両方を受け付けるところがあります。受け付けた後で独自の形式に変換する書店もあるので、必ず書店の確認用の画面で仕上がりを見てください。出すときに尋ねられることは、だいたい決まっています。

 1. 書名、副題、著者名、それぞれの読みがな
 2. 内容紹介。検索で読まれることを考え、最初の1文に主題を書く
 3. 発行日と版
 4. 表紙の画像。寸法は書店の案内に従う
 5. 価格と販売地域

このうち、1から3は@<code>{config.yml}にも書く内容です。読みがなは@<code>{file-as}に書けます。

//emlist[読みがなを添える][yaml]{
booktitle: {name: "はじめての技術書",
            file-as: "ハジメテノギジュツショ"}
aut: [{name: "山田 太郎", file-as: "ヤマダタロウ"}]
//}

EPUBには、その本を他と区別するための番号が入ります。設定しないと組むたびに新しい番号になるので、@<code>{config.yml}の@<code>{urnid}に決めておきます@<hidx>{urnid}。同じ本の改訂版を「別の本」と見なされないためにも大切です。ISBNを取得しているなら@<code>{isbn}に書いてください。

===[column] 電子版にあって紙にないもの

電子版の強みは、直せることです。誤植を見つけたら、直して出し直せます。そのかわり、読者の手元にある版がどれなのか、わかるようにしておかなければなりません。

奥付の発行日と版を、出し直すたびに必ず変えること。変更点を、本の終わりか配布ページに書いておくこと。この2つを守るだけで、読者とのやり取りがずいぶん楽になります。「何ページが間違っています」という報告は、版がわからなければ調べようがないのです。

===[/column]
