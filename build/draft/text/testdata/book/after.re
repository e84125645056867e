= あとがき

== 節
@<hd>{節}、@<hd>{blocks|番号が続く}、@<hd>{blocks|label|sub|目の題}。
