= 早見表

== 記法

//tsize[|latex||p{52mm}p{56mm}|]
//table[syntax][Re:VIEWの記法]{
書き方	はたらき
------------
@<tt>|= 題名|	章
@<tt>|== 題名|	節
@<tt>|=={label} 題名|	ラベル付きの節
@<tt>|==[nonum] 題名|	番号のない節
@<tt>|===[column] 題名|	コラムの始まり
@<tt>|===[/column]|	コラムの終わり
@<tt>| * 項目|	箇条書き（行頭に空白）
@<tt>| 1. 項目|	番号付きの箇条書き
@<tt>| : 用語|	用語リスト
@<tt>|//image[ID][題名]{|	図
@<tt>|//table[ID][題名]{|	表
@<tt>|//list[ID][題名][言語]{|	番号付きのリスト
@<tt>|//cmd{|	端末の操作
@<tt>|//note[題名]{|	補足の囲み
@<tt>|//footnote[ID][文]|	脚注の文
@<tt>|//texequation[ID][題名]{|	数式
@<tt>|#@# 覚え書き|	コメント
//}

== コマンド

//tsize[|latex||p{40mm}p{68mm}|]
//table[commands][bookciのコマンド]{
コマンド	はたらき
------------
bookci init	新しい本を作る
bookci build	本を組む
bookci watch	保存するたびに組む
bookci run	本のコンテナで好きなコマンドを動かす
bookci doctor	環境と設定を調べ、直し方を示す
bookci lock	イメージを固定する
bookci cache	イメージをCIのキャッシュに出し入れする
bookci ci	CIの設定を作る
bookci version	版を表示する
bookci completion	シェルの補完を設定する
//}

== よく使うオプション

//tsize[|latex||p{40mm}p{68mm}|]
//table[options][bookci buildのオプション]{
オプション	はたらき
------------
--target pdf,epub	作るものを選ぶ
--config FILE	設定ファイルを選ぶ
--book NAME	bookci.ymlの本を名前で選ぶ
--only CH,CH	指定した章だけを組む
--image REF	使うイメージを選ぶ
--engine auto	docker、hostのどちらで組むかを選ぶ
--artifacts DIR	できたものを置く場所
--timeout D	時間の上限（15mなど）
--jobs N	同時に組む数
--force	最初から組む
--strict	警告で済むものも失敗にする
--json	結果をJSONで出す
//}

== bookci.ymlの項目

//tsize[|latex||p{26mm}p{82mm}|]
//table[keys][bookci.yml]{
項目	意味
------------
image	使うイメージ。省くと@<code>{review_version}から選ぶ
mount	コンテナの中で原稿が見える場所。既定は@<code>{/work}
books	本の一覧。@<code>{name}、@<code>{dir}、@<code>{config}、@<code>{targets}を書く
artifacts	できたものを置くフォルダ
command	Re:VIEWの代わりに動かすコマンド
network	コンテナの外との通信。既定は@<code>{none}（つながない）
limits	メモリ、プロセス数、CPUの上限
timeout	時間の上限
env	コンテナの中で使う環境変数
extra_inputs	原稿のフォルダの外にあって、本が使うファイル
//}
