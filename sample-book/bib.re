= 参考文献

//bibpaper[review][Re:VIEW]{
Re:VIEWの配布元。記法と設定の説明書も、ここにあります。@<br>{}
https://reviewml.org/
//}

//bibpaper[jlreq][日本語組版処理の要件]{
W3C.@<br>{}
https://www.w3.org/TR/jlreq/
//}

//bibpaper[epub][EPUB 3.3]{
W3C.@<br>{}
https://www.w3.org/TR/epub-33/
//}

//bibpaper[reproducible][SOURCE_DATE_EPOCH]{
Reproducible Builds. 組んだ時刻の代わりに使う日時を、環境変数で渡す取り決め。@<br>{}
https://reproducible-builds.org/docs/source-date-epoch/
//}
