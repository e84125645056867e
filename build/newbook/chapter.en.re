= Introduction

Write your text here. An empty line begins a new paragraph. This is how @<b>{bold} and @<code>{code} are written.

== A section

Listings have numbers: see @<list>{hello}.

//list[hello][A greeting][ruby]{
puts "hello"
//}

 * Items of a list begin with a space.
 * There are footnotes, too@<fn>{note}.

//footnote[note][This is one.]
