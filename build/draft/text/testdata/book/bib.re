= 参考文献

//bibpaper[knuth][Knuth, 1984]
//bibpaper[lins][Lins, @<b>{1991}]{
Refael D. Lins.
続き。

二段落目。
//}
