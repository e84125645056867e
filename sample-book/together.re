= みんなで書き、CIで組む

//lead{
原稿がテキストなら、プログラムの開発で磨かれてきた方法がそのまま使えます。変更を記録し、互いに見て、機械に検査させ、送るたびに組ませましょう。
//}

== Gitで書く

原稿は@<idx>{Git}で管理します。ひとりで書くときでも、昨日の自分に戻れるのは心強いものです。記録するものと、しないものを分けておきます。

//list[gitignore][.gitignore]{
artifacts/
.bookci/
.texmf-var/
//}

組めばできるものは記録しません。記録するのは、原稿、図、設定、それに、イメージを固定する@<code>{bookci.lock}です。図は、描いたソフトの元データも一緒に入れておきましょう。数年後に改訂するとき、元データがないと描き直しになります。

=={one-sentence} 1文1行で書く

Gitの差分は行の単位です。1つの段落を1行で書くと、句点をひとつ直しただけでも段落全体が変わったように見えます。Re:VIEWでは段落の中の改行が無視されるので、1文ごとに改行しても紙面は変わりません。

//list[sentence][1文1行の原稿][re]{
原稿はGitで管理します。
ひとりで書くときでも、昨日の自分に戻れるのは心強いものです。
記録するものと、しないものを分けておきます。
//}

こうしておくと、誰がどの文を直したのかがひと目でわかり、2人が同じ段落の別の文を直しても衝突しません。1行が長くなると目立つので、長すぎる文に気付きやすくなるという効き目もあります。英単語をはさんで改行すると空白が入らずにつながることだけ、気を付けてください。

== 互いに読む

書いたものは、送り出す前に誰かに読んでもらいます。プログラムと同じように、枝を切り、変更をまとめ、@<idx>{プルリクエスト}の形で見てもらうとよいでしょう。

読む側は、いきなり誤字を拾い始めないことです。次の順に見ると、手戻りが減ります。

 1. この章は、誰のどんな疑問に答えているか。答えは書いてあるか。
 2. 説明の順序は自然か。まだ説明していない言葉を使っていないか。
 3. 手順のとおりに試すと、そのとおりになるか。
 4. 図表は、本文を読まなくても意味がわかるか。
 5. 最後に、誤字、表記、言い回し。

組んだPDFをCIが毎回作ってくれれば、原稿の差分だけでなく、紙面でも確かめられます。表がはみ出している、図が次のページに飛んでいる、といったことは、紙面でしか見つかりません。

=={textlint} 機械に校正させる

誤字や表記の揺れは、機械のほうが上手に見つけます。日本語の文章の検査には、@<idx>{textlint}がよく使われています。規則を組み合わせて使う道具で、表記の揺れをまとめた辞書を読み込ませたり、同じ助詞が続く文や、長すぎる文を指摘させたりできます。Re:VIEWの記法を解釈する拡張もあります。

始めるときは、規則を少なくしてください。最初から全部を有効にすると、指摘が何百件も並び、誰も見なくなります。「表記の辞書」だけから始め、毎回同じ間違いを見つけたら規則を足す。そのくらいがちょうどよい速さです。

//note[機械の指摘は提案]{
検査の道具は、文の意味を知りません。指摘に従って直したら不自然になった、ということは珍しくありません。直さないと決めたものは、規則の側で例外にしておきます。例外を放置すると、指摘が出続けて、本当の間違いが埋もれてしまいます。
//}

== CIで組む

@<idx>{CI}（継続的インテグレーション）とは、変更を送るたびに、決まった作業を機械が行う仕組みです。本の場合は、送るたびに組み、組めなければ知らせ、組めたらPDFを置いておきます。@<img>{ci}は、その1回分の流れです。

//image[ci][CIでの1回分の流れ]{
checkout、cache restore、build、cache save、成果物の保存
//}

CIで困るのは、約2GBあるイメージの扱いです。CIの機械は毎回まっさらなので、何もしないと毎回取得することになります。そこで、@<code>{bookci cache save}でイメージを1つのファイルに圧縮してCIのキャッシュに預け、次は@<code>{bookci cache restore}で戻します@<hidx>{bookci cache}。イメージが変わっていなければ、どちらもほとんど時間がかかりません。

キャッシュを取り違えないように、イメージを固定しておきます。

//cmd{
$ bookci lock
$ git add bookci.lock
//}

@<code>{bookci.lock}には、使うイメージの内容を表すダイジェストが書かれます@<hidx>{bookci.lock}。以後は、誰がどこで組んでも同じイメージが使われます。キャッシュの鍵にも、このファイルを使います。

=== CircleCI

@<list>{circleci}は、仮想マシンの上で組む@<idx>{CircleCI}の設定です。

//list[circleci][.circleci/config.yml][yaml]{
version: 2.1
jobs:
  book:
    machine:
      image: ubuntu-2404:current
    steps:
      - checkout
      - run: go install github.com/bookci/bookci/cmd/bookci@latest
      - restore_cache:
          keys:
            - image-{{ checksum "bookci.lock" }}
      - run: bookci cache restore --dir ~/bookci-cache
      - run: bookci build --strict
      - run: bookci cache save --dir ~/bookci-cache
      - save_cache:
          key: image-{{ checksum "bookci.lock" }}
          paths: [~/bookci-cache]
      - store_artifacts:
          path: artifacts
workflows:
  main:
    jobs: [book]
//}

CircleCIで別の機械のDockerを使うときは、原稿のフォルダをコンテナに直接見せることができません。bookciはそれを自動で見分け、原稿を送り込み、できあがりを受け取ります。設定を変える必要はありません。

=== GitHub Actions

@<idx>{GitHub Actions}でも考え方は同じです。

//list[actions][.github/workflows/book.yml][yaml]{
name: book
on: [push, pull_request]
jobs:
  book:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with: {go-version: stable}
      - run: go install github.com/bookci/bookci/cmd/bookci@latest
      - uses: actions/cache@v4
        with:
          path: ~/bookci-cache
          key: image-${{ hashFiles('bookci.lock') }}
      - run: bookci cache restore --dir ~/bookci-cache
      - run: bookci build --strict
      - run: bookci cache save --dir ~/bookci-cache
      - uses: actions/upload-artifact@v4
        with: {name: book, path: artifacts}
//}

手で書き写す必要はありません。@<code>{bookci ci circleci}や@<code>{bookci ci github}を実行すると、その本に合った設定が表示されます@<hidx>{bookci ci}。@<code>{--write}を付けるとファイルに書き込みます。すでにあるファイルには上書きしません。

//tip[キャッシュは万能ではない]{
大きなキャッシュを戻すのにかかる時間は、イメージを取得し直す時間とあまり変わらないこともあります。どちらが速いかはCIの回線によるので、@<code>{bookci cache status}で両方の見込みを比べてから決めてください。
//}

=== イメージの中で組む

CIのジョブそのものを@<code>{vvakame/review}のイメージの中で動かすこともできます。この場合、Dockerは要りません。bookciは、Dockerが見つからず、Re:VIEWのコマンドがその場にあれば、それを直接使います。はっきり指定したいときは@<code>{--engine host}とします。

=={reproducible} いつ組んでも同じになるように

同じ原稿から組んだPDFは、いつ、どこで組んでも同じであってほしいものです。同じでなければ、差があったときに、それが原稿の変更なのか、道具の違いなのかがわかりません。これを@<idx>{再現可能なビルド}といいます。

妨げになるのは、主に次の3つです。

 : 日付
	PDFの中に組んだ時刻が書かれる。bookciは、Gitの最後のコミットの時刻を代わりに使う
 : 道具の版
	TeXやRe:VIEWが変わると紙面が変わる。@<code>{bookci.lock}で固定する
 : 設定の省略
	発行日やEPUBの番号は、書かないと組むたびに変わる。@<code>{date}と@<code>{urnid}を書いておく

この3つを押さえておけば、同じ原稿からは1バイトも違わないPDFができます。確かめるには、できたファイルのハッシュ値を比べます。bookciは、それを@<code>{artifacts/bookci.json}に記録しています。

//tsize[|latex||p{40mm}p{64mm}|]
//table[manifest][artifacts/bookci.jsonでわかること]{
知りたいこと	載っているもの
------------
どのファイルができたか	パス、バイト数、ページ数
中身は何か	SHA-256のハッシュ値
何から作ったか	原稿などの指紋、イメージのダイジェスト
どこに時間がかかったか	段階ごとの所要時間
//}

===[column] 本の「版」と、原稿の「タグ」

紙の本には版と刷があります。原稿にはタグがあります。この2つを結び付けておきましょう。

入稿した日の原稿に@<code>{v1.0}というタグを付けておけば、1年後に増刷の話が来ても、その時点の原稿と@<code>{bookci.lock}から、まったく同じPDFを組み直せます。印刷所に渡したPDFを別に保管しておくのはもちろんですが、「同じものを作り直せる」と知っていることは、それとは別の安心をくれます。

===[/column]
