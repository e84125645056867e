= 付録の題

=={one} 付録の節

//table[t][付録の表]{
a
//}
@<table>{t}、@<hd>{one}、@<chap>{second}。
