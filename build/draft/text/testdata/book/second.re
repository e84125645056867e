==  節から始まる

= 二つめの付録
本文。@<img>{nothing}
//image[nothing][図]{
//}
