= まえがき

前付に番号はありません。@<chap>{blocks}、@<title>{blocks}、@<chapref>{blocks}、@<chapref>{preface}。

== 節
=== 項

@<hd>{節}と@<sectitle>{節}。
