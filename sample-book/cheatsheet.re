= 早見表

== 記法

//tsize[|latex||p{52mm}p{52mm}|]
//table[syntax][Re:VIEWの記法]{
書き方	はたらき
------------
@<tt>|= 題名|	章
@<tt>|== 題名|	節
@<tt>|=={label} 題名|	ラベル付きの節
@<tt>|==[nonum] 題名|	番号のない節
@<tt>|===[column] 題名|	コラム。終わりは@<tt>|===[/column]|
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

//tsize[|latex||p{40mm}p{64mm}|]
//table[commands][bookciのコマンド]{
コマンド	はたらき
------------
@<code>{bookci init}	新しい本を作る
@<code>{bookci build}	本を組む
@<code>{bookci watch}	保存するたびに組む
@<code>{bookci run}	本のコンテナで好きなコマンドを動かす
@<code>{bookci doctor}	環境と設定を調べ、直し方を示す
@<code>{bookci lock}	イメージを固定する
@<code>{bookci cache}	イメージをCIのキャッシュに出し入れする
@<code>{bookci ci}	CIの設定を作る
@<code>{bookci version}	版を表示する
@<code>{bookci completion}	シェルの補完を設定する
//}

== よく使うオプション

//tsize[|latex||p{40mm}p{64mm}|]
//table[options][bookci buildのオプション]{
オプション	はたらき
------------
@<code>{--target pdf,epub}	作るものを選ぶ
@<code>{--config FILE}	設定ファイルを選ぶ
@<code>{--book NAME}	bookci.ymlの本を名前で選ぶ
@<code>{--only CH,CH}	指定した章だけを組む
@<code>{--image REF}	使うイメージを選ぶ
@<code>{--engine auto}	@<code>{docker}と@<code>{host}のどちらで組むか
@<code>{--artifacts DIR}	できたものを置く場所
@<code>{--timeout D}	時間の上限（15mなど）
@<code>{--jobs N}	同時に組む数
@<code>{--force}	最初から組む
@<code>{--strict}	警告で済むものも失敗にする
@<code>{--json}	結果をJSONで出す
//}

== bookci.ymlの項目

//tsize[|latex||p{26mm}p{78mm}|]
//table[keys][bookci.yml]{
項目	意味
------------
@<code>{image}	使うイメージ。省くと@<code>{review_version}から選ぶ
@<code>{mount}	コンテナの中で原稿が見える場所。既定は@<code>{/work}
@<code>{books}	本の一覧。@<code>{name}、@<code>{dir}、@<code>{config}、@<code>{targets}を書く
@<code>{artifacts}	できたものを置くフォルダ
@<code>{command}	Re:VIEWの代わりに動かすコマンド
@<code>{network}	コンテナの外との通信。既定は@<code>{none}（つながない）
@<code>{limits}	メモリ、プロセス数、CPUの上限
@<code>{timeout}	時間の上限
@<code>{env}	コンテナの中で使う環境変数
@<code>{extra_inputs}	原稿のほかに、本が使うファイル
@<code>{exclude}	本に関わりのないファイル
@<code>{engine}	@<code>{auto}、@<code>{docker}、@<code>{host}
@<code>{transport}	原稿の渡し方。@<code>{auto}、@<code>{bind}、@<code>{copy}
@<code>{jobs}	同時に組む数
@<code>{strict}	警告で済むものも失敗にする
//}
