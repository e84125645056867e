= 箇条書きの章

 * 一
   続き
 ** 二の一
 *** 三
 ** 二の二
#@# コメント
 * 四
本文が続く。

 1. 番号一
    続き
 2. 番号二



=={ol} 番号@<b>{太字}

//olnum[10]
 10. 十
 12. 十二
 : 用語@<fn>{x}
    説明の一行目。
    説明の二行目。

    空行のあと。
 : 用語だけ
 : 次
	タブの説明
段落に戻る。

//footnote[x][脚注]

 * UL1

//beginchild

 1. UL1-OL1

//beginchild

UL1-OL1の段落

 * UL1-OL1-UL1
 * UL1-OL1-UL2

//endchild

 2. UL1-OL2

 : UL1-DL1
	UL1-DD1
 : UL1-DL2
	UL1-DD2

//endchild

 * UL2

段落。

 : DT
	DD
//beginchild
//list[far][子のリスト]{
x
	y
//}
//endchild
終わり。

