= 表の章

//table[t][表の題@<b>{太}]{
名前		意味	@<b>{太字}
============
.	.点	..
a	b
 c 	d	e
@<code>{ x }	y
	先頭のタブ
-------------
z
//}

//table[one][罫線なし]{
見出し	中身
見出し2	@<code>{a	b}
//}

//table[e][題だけ]{
a	b
//}

//table{
a
//}

//emtable[題のある表]{
a	b
------------
1	2
//}

//emtable{
x	y
//}

//imgtable[pic][画像の表]{
//}

//tsize[|latex||l|l|]
//table[sized][幅]{
------------
罫線が先	b
//}
@<table>{t}と@<table>{pic}。
