= 部の@<b>{扉}

部の文。@<img>{figure}。

//image[figure][部の図]{
//}

== 部の節

//table[t][部の表]{
a	b
------------
c	d
//}
