# frozen_string_literal: true

# Re:VIEW fills in what a config leaves out: today's date, the present moment
# and a random identifier. Values from the sources take their place, so that the
# same sources give the same bytes.
module BookciDates
  def values(*)
    found = super
    begin
      epoch = ENV['SOURCE_DATE_EPOCH']
      if epoch
        time = Time.at(Integer(epoch)).utc
        found['date'] = time.strftime('%Y-%m-%d') if found['date']
        found['modified'] = time.strftime('%Y-%m-%dT%H:%M:%SZ') if found['modified']
      end
      urn = ENV['BOOKCI_URNID']
      found['urnid'] = urn if urn && found['urnid']
    rescue StandardError
      nil
    end
    found
  end
end

ReVIEW::Configure.singleton_class.prepend(BookciDates)
