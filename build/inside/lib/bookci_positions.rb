# frozen_string_literal: true

# Records which line of the manuscript produced which line of TeX, so that a TeX
# error can be shown where the author can mend it.
#
# The builder writes a chapter's TeX into one string while it reads the manuscript
# line by line. Every write is noted with the manuscript line that had been read by
# then: what is written after line 20 was read, and after the write before it at
# line 12, came from lines 13 to 20. This holds for every version of Re:VIEW and for
# every block, also one that a book's review-ext.rb adds.
#
# $BOOKCI_OWN/run/notes/positions, written before TeX starts, has for each chapter
#     C <tex file> TAB <manuscript file>
#     M <byte offset into the text> TAB <manuscript line>     one per mark
#     T <line>                                                 the text as compiled
#     F <line>                                                 the text as TeX reads it, only where that differs
# Beside it tex.log is TeX's own log of the last pass, tex.aux the labels that it wrote,
# tools.log the output of the programs after TeX: Re:VIEW drops them when all ends well.
module BookciPositions
  CHAPTER_LIMIT = 8 << 20
  LOG_LIMIT = 8 << 20

  Chapter = Struct.new(:tex, :source, :marks, :text)

  # Prepended to the LaTeX builder. The string gets no instance variable: Ruby
  # would show it in the message of an error.
  module Builder
    def bind(*)
      result = super
      BookciPositions.watch(@output, @location)
      result
    end
  end

  # Prepended to the converter, which knows the name of the .tex file.
  module Converter
    def convert(file, output_path, *rest)
      result = super
      begin
        builder = @compiler.instance_variable_get(:@builder) || @compiler.instance_variable_get(:@strategy)
        output = builder.instance_variable_get(:@output)
        BookciPositions.compiled(output, File.expand_path(output_path), File.basename(file))
      rescue StandardError, ScriptError
        nil
      end
      result
    end
  end

  # Prepended to the maker: every program that it runs goes through here.
  module Maker
    def system_or_raise(*args, **options)
      BookciPositions.save
      begin
        options.empty? ? super(*args) : super
      ensure
        BookciPositions.keep_tex_log
      end
    end
  end

  # Prepended to Open3, in the maker's process only.
  module Capture
    def capture2e(*command, **options)
      result = super
      BookciPositions.keep_output(command, *result)
      result
    end
  end

  class << self
    def chapters
      @chapters ||= []
    end

    # Notes at each write to output how far the manuscript has been read.
    def watch(output, location)
      return unless output.is_a?(StringIO) && location.respond_to?(:lineno)

      @watched = output
      @marks = marks = []
      last = nil
      output.define_singleton_method(:write) do |*strings|
        begin
          # A line break alone belongs to what stands before it: TeX names the
          # empty line after a paragraph when the paragraph is wrong.
          if strings.any? { |s| s != "\n" && s != '' }
            line = location.lineno
            if line != last
              last = line
              marks << pos << line
            end
          end
        rescue StandardError
          nil
        end
        super(*strings)
      end
    rescue StandardError, ScriptError
      nil
    end

    def compiled(output, tex, source)
      return unless output.equal?(@watched) && output.string.bytesize < CHAPTER_LIMIT

      chapters << Chapter.new(tex, source, @marks, output.string)
    end

    def folder
      File.join(ENV['BOOKCI_OWN'], 'run', 'notes')
    end

    # Hooks may edit the .tex files between compiling and the first pass, or
    # between two passes: what TeX is about to read counts.
    def save
      stamps = chapters.map { |c| (s = File.stat(c.tex)) && [s.size, s.mtime] }
      return if chapters.empty? || stamps == @stamps

      @stamps = stamps
      write('positions') do |f|
        chapters.each { |chapter| save_chapter(f, chapter) }
      end
    rescue StandardError, ScriptError
      nil
    end

    def save_chapter(out, chapter)
      out << "C #{File.basename(chapter.tex)}\t#{chapter.source}\n"
      chapter.marks.each_slice(2) { |offset, line| out << "M #{offset}\t#{line}\n" }
      text = chapter.text.b
      text.each_line { |line| out << 'T ' << line.chomp("\n") << "\n" }
      return if File.size(chapter.tex) > CHAPTER_LIMIT

      final = File.binread(chapter.tex)
      final.each_line { |line| out << 'F ' << line.chomp("\n") << "\n" } if final.chomp != text.chomp
    end

    def keep_tex_log
      %w[log aux].each do |kind|
        path = Dir.glob("{__REVIEW_BOOK__,book}.#{kind}").first
        write("tex.#{kind}") { |f| IO.copy_stream(path, f, LOG_LIMIT) } if path
      end
    rescue StandardError, ScriptError
      nil
    end

    def keep_output(command, output, status)
      return unless output.is_a?(String)

      name = command.grep(String).first
      return if name.nil? || name =~ /tex\z/i

      @tools = [@tools, "# #{File.basename(name.split.first)} #{status.exitstatus}\n",
                output.b.byteslice(0, LOG_LIMIT / 8)].join
      @tools = @tools.byteslice(-LOG_LIMIT, LOG_LIMIT) if @tools.bytesize > LOG_LIMIT
      write('tools.log') { |f| f << @tools }
    rescue StandardError, ScriptError
      nil
    end

    def write(name)
      [File.dirname(folder), folder].each { |f| Dir.mkdir(f) unless File.directory?(f) }
      path = File.join(folder, name)
      File.open("#{path}.new", 'wb') { |f| yield f }
      File.rename("#{path}.new", path)
    end

    def clear
      %w[positions tex.log tex.aux tools.log].each { |name| File.delete(File.join(folder, name)) if File.exist?(File.join(folder, name)) }
    end

    def install
      clear unless ENV['BOOKCI_WAITS'] # others may still want what the last maker left
      ReVIEW::LATEXBuilder.prepend(Builder)
      ReVIEW::Converter.prepend(Converter)
      ReVIEW::PDFMaker.prepend(Maker)
      Open3.singleton_class.prepend(Capture) if defined?(Open3)
    end
  end
end

BookciPositions.install
