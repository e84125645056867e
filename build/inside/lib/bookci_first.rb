# frozen_string_literal: true

# Chapter first: with BOOKCI_CHAPTER_FIRST set, `review-pdfmaker --only ch` makes
# the chapter's own pages and no others, with the numbers that they have in the
# book. They come from the .aux that TeX left in the last build of the whole book,
# below $BOOKCI_STATE/tex.
#
# The other chapters' entries in the main file, `\chapter{}`, give way to the
# counters' values, and whatever else a layout puts out (cover, contents,
# colophon) is dropped as it is shipped out. Where a version of Re:VIEW or a
# layout is made otherwise, what --only gives by itself stands.
module BookciFirst
  # What the stock layout puts around the chapters: left out, it costs nothing.
  AROUND = %w[
    reviewcoverpagecont reviewtitlepagecont revieworiginaltitlepagecont reviewcreditfilecont
    reviewtableofcontents reviewprintindex reviewprofilepagecont reviewadvfilepagecont
    reviewcolophonpagecont reviewbackcovercont
  ].freeze

  PREAMBLE = <<~'TEX'
    %% the edited chapters alone
    \RequirePackage{atbegshi}
    \makeatletter
    \newif\ifbookci@shown
    \AtBeginShipout{\ifbookci@shown\else\AtBeginShipoutDiscard\fi}
    \def\bookci@begin#1{\clearpage#1\global\bookci@showntrue}
    \def\bookci@end{\clearpage\global\bookci@shownfalse}
    \@ifundefined{hypersetup}{}{\hypersetup{bookmarks=false}}
    AROUND
    \makeatother
  TEX

  module Maker
    def make_input_files(book, *rest)
      files = super
      begin
        @bookci_first = @buildonly ? BookciFirst.rearrange(files, book) : nil
        @bookci_first || files
      rescue StandardError, ScriptError
        @bookci_first = nil
        files
      end
    end

    def template_content(*)
      text = super
      @bookci_first ? BookciFirst.layout(text) : text
    end

    # All images are there, as the style may use any. The sizes of those that the
    # chapters name are found in one process, before TeX asks for each.
    def copy_images(from, to)
      return super unless @bookci_first && File.directory?(from)

      begin
        BookciFirst.link(File.realpath(from), to)
        BookciFirst.measure(@path, to) if @config['dvicommand'].to_s.include?('dvipdfmx')
      rescue SystemCallError
        FileUtils.rm_rf(to)
        super
      end
    end
  end

  class << self
    # Returns files with the chapters that are built, each after the values of
    # its counters. Where the book's last numbers are not known, pages count from
    # 1. In a single pass references would be wrong, too: it returns nil.
    def rearrange(files, book)
      labels = kept_labels
      return nil if labels.empty? && ENV['BOOKCI_ONE_PASS']

      places = {}
      book.parts.each do |part|
        places["#{part.name}.tex"] = [['part', previous(part.number)], ['page', labels["part.#{part.number}"]]] if part.name
        part.chapters.each do |chapter|
          name = File.basename(chapter.path, '.*')
          places["#{name}.tex"] = [['part', part.number], ['chapter', previous(chapter.number)], ['page', labels["chap:#{name}"]]]
        end
      end
      found = files.map { |section, text| [section, entries(text, places)] }.to_h
      found.default_proc = files.default_proc
      found
    end

    def entries(text, places)
      text.each_line.map do |line|
        file = line[/\A\\input\{([^{}]+)\}$/, 1]
        next '' unless file

        counters = (places[file] || []).select { |_, value| value.is_a?(Integer) }
        set = counters.map { |name, value| "\\setcounter{#{name}}{#{value}}" }.join
        "\\csname bookci@begin\\endcsname{#{set}}\n#{line}\\csname bookci@end\\endcsname\n"
      end.join
    end

    def previous(number)
      number.is_a?(Integer) ? number - 1 : nil
    end

    # The page on which each label of the last whole book stands, and as part.N
    # that of each part's title: a part's label stands behind its title page.
    def kept_labels
      aux = Dir.glob(File.join(ENV['BOOKCI_STATE'].to_s, 'tex', '*', 'files', '{__REVIEW_BOOK__,book}.aux'))
      return {} unless aux.size == 1

      text = File.binread(aux.first)
      found = text.scan(/^\\newlabel\{([^{}]+)\}\{\{[^\n]*?\}\{([0-9]+|[ivxlcdm]+)\}\{/n)
      found += text.scan(/\\contentsline *\{part\}[^\n]*\{([0-9]+|[ivxlcdm]+)\}\{(part\.[0-9]+)\}/n).map(&:reverse)
      found.to_h { |name, page| [name.dup.force_encoding('UTF-8'), page.match?(/\A[0-9]/) ? page.to_i : roman(page)] }
    end

    def roman(text)
      values = text.each_char.map { |c| { 'i' => 1, 'v' => 5, 'x' => 10, 'l' => 50, 'c' => 100, 'd' => 500, 'm' => 1000 }[c] }
      values.each_with_index.sum { |v, i| values[i + 1].to_i > v ? -v : v }
    end

    def layout(text)
      around = AROUND.map { |name| "\\let\\#{name}\\@undefined" }.join("\n")
      text.sub(/^\\begin\{document\}/) { |line| PREAMBLE.sub('AROUND') { around } + line }
    end

    def link(from, to)
      FileUtils.mkdir_p(to)
      Dir.each_child(from) do |name|
        # Re:VIEW's own copy_images leaves these out as well.
        next if name.start_with?('.') || name.end_with?('.xbb')

        source = File.join(from, name)
        if File.directory?(source)
          link(source, File.join(to, name))
        else
          File.symlink(source, File.join(to, name))
        end
      end
    end

    # Writes the .xbb of the images that the chapters name, as extractbb would
    # be asked to one by one. Images that would share an .xbb are left to TeX.
    # The names are relative: TeX's programs write to no absolute path.
    def measure(path, images)
      text = Dir.glob(File.join(path, '*.tex')).map { |f| File.binread(f) }.join
      all = Dir.glob(File.join(images, '**', '*')).map { |f| f.delete_prefix("#{path}/") }
      used = all.group_by { |f| f.sub(%r{\.[^./]*\z}, '') }.select { |base, same| same.size == 1 && text.include?(base.b) }
      used = used.values.flatten.grep(/\.(?:png|jpe?g)\z/i)
      system('extractbb', *used, chdir: path, in: File::NULL, out: File::NULL, err: File::NULL) unless used.empty?
    end
  end
end

ReVIEW::PDFMaker.prepend(BookciFirst::Maker)
