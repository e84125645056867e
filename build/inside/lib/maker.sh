# The environment of a maker: the programs of this folder stand before the
# image's own, and Ruby loads what bookci adds to Re:VIEW.
PATH=$BOOKCI_OWN/bin:$PATH
RUBYOPT="${RUBYOPT:+$RUBYOPT }-r$BOOKCI_OWN/lib/bookci.rb"
export PATH RUBYOPT
