# frozen_string_literal: true

# A maker that bookci-ready has started stops when it has loaded Re:VIEW. The file
# request then tells what to do: the folder, the number of the process whose
# descriptors 5 and 6 take the output, the count of the command line's words, the
# words, and the environment, each with a NUL behind it. request and the FIFO go
# lie in the folder above the current one.
module BookciWaits
  def execute(*)
    super(*BookciWaits.take)
  end

  class << self
    def take
      folder, client, count, *rest = request
      _, *args = rest.shift(Integer(count))
      streams = [5, 6].map { |number| File.open("/proc/#{client}/fd/#{number}", File::WRONLY | File::APPEND) }
      [$stdout, $stderr].each(&:flush)
      said = %w[out err].map { |name| File.binread("../#{name}") }
      begun = File.expand_path('../begun')
      Dir.chdir(folder)
      ENV.replace(rest.map { |pair| pair.split('=', 2) }.to_h)
      # What a maker loads as it starts, from the environment that it has now.
      BookciPositions.clear if defined?(BookciPositions)
      load File.join(__dir__, 'bookci_first.rb') if ENV['BOOKCI_CHAPTER_FIRST']
      File.write(begun, '')
      [$stdout, $stderr].zip(streams, said) do |stream, own, text|
        sync = stream.sync
        stream.reopen(own)
        stream.sync = sync
        stream.write(text)
      end
      ARGV.replace(args)
    rescue StandardError
      exit!(1) # the maker is then started anew
    end

    # go is opened before request is looked for, so that no wake-up is missed.
    def request
      File.open('../go', File::RDWR) do |go|
        go.readline unless File.exist?('../request')
      end
      File.binread('../request').split("\0").each { |word| word.force_encoding(Encoding.find('locale')) }
    end
  end
end

%i[PDFMaker EPUBMaker WEBMaker TEXTMaker IDGXMLMaker].each do |name|
  ReVIEW.const_get(name).singleton_class.prepend(BookciWaits) if ReVIEW.const_defined?(name)
end
