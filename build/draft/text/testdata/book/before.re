=[nonum] 番号のない章

部の外にあります。@<list>{blocks|one}。

==[notoc] 目次にない節

//list[alone][番号のない章のリスト]{
一行
//}

@<list>{alone}を見る。
