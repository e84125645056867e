= はじめの章

段落の一行目です。何の変哲もありません。
段落の二行目です。@<b>{太字}と@<code>{puts 1}があります。
段落の三行目です。@<chapref>{ch02}を見てください。

== 表と図

@<table>{prices}に値段を、@<img>{plan}に見取り図を示します。

//table[prices][果物の値段]{
品名	値段	産地
------------
りんご	百円	青森
みかん	五十円	愛媛
ぶどう	三百円	山梨
もも	二百円	福島
//}

//image[plan][店の見取り図]{
//}

== コード

@<list>{hello}は挨拶をします。

//list[hello][挨拶のプログラム][ruby]{
def hello(name)
  puts "hello"
  name.upcase
  [1, 2, 3].each do |i|
    puts i
  end
  nil
end
//}

//emlist[実行の様子]{
$ ruby hello.rb
hello
//}

== 箇条書き

 * 一つめの項目
 * 二つめの項目
 ** 入れ子の項目
 * 三つめの項目

 1. 番号の一
 2. 番号の二
 3. 番号の三

 : 用語
     用語の説明です。
     説明の二行目です。
 : 別の用語
     別の説明です。

== 脚注とコラム

脚注のある文@<fn>{first}です。次の文にも脚注@<fn>{second}があります。
同じ段落の続きです。

//footnote[first][一つめの脚注です。]
//footnote[second][二つめの脚注です。]

===[column] 道草

コラムの一行目です。
コラムの二行目です。

===[/column]

節の終わりの文です。索引@<idx>{見出し語}もあります。
