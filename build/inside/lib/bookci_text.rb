# frozen_string_literal: true

# Shows chapters as Re:VIEW's own HTML, again and again, from a process that has
# Re:VIEW and the book loaded: a saved chapter costs its own compilation only.
#
#     ruby bookci_text.rb CONFIG      in any folder; BOOKCI_TEXT_DIR is the config's folder
#
# Requests come as lines of JSON on standard input, each is answered by one line
# on standard output; the end of the input ends the process.
#     {"op":"load"}                                    read the book anew
#     {"op":"write","path":"ch01.re","data":BASE64}    a file below $BOOKCI_WORK; no data: it is gone
#     {"op":"show","chapter":"ch01","text":"..."}      the chapter as HTML; text: as it now is
# An answer has "error" when the request could not be met, and "problems": what
# Re:VIEW said meanwhile, each with severity, message, and file and line if known.
require 'fileutils'
require 'json'

# What the book's own code prints must not get between the answers.
answers = $stdout.dup
answers.sync = true
$stdout.reopen($stderr)

require 'review'

module BookciText
  # Stands in for Re:VIEW's logger and keeps what it is told.
  class Collector
    PLACE = /\A(?<file>[^\s:]+):(?<line>\d+|nil): (?<message>.*)\z/m.freeze
    MOST = 200

    attr_reader :problems

    def initialize
      @problems = []
    end

    def clear
      @problems = []
    end

    def keep(severity, text, location)
      text = text.message if text.is_a?(Exception)
      text = "#{location}: #{text}" if location
      text = text.to_s.dup.force_encoding('UTF-8').scrub
      found = PLACE.match(text)
      problem = { severity: severity, message: (found ? found[:message] : text)[0, 2000] }
      problem.update(file: found[:file], line: found[:line].to_i) if found
      @problems << problem if @problems.size < MOST && !@problems.include?(problem)
      nil
    end

    def error(text = nil, location: nil, **)
      keep('error', text, location)
    end
    alias fatal error

    def warn(text = nil, location: nil, **)
      keep('warning', text, location)
    end

    def ttylogger?
      false
    end

    def method_missing(*)
      nil
    end

    def respond_to_missing?(*)
      true
    end
  end

  # Prepended to the HTML builder: notes at each write which manuscript line had
  # been read by then. What is written after line 20 was read, and after the
  # write before it at line 12, came from lines 13 to 20.
  module Marks
    attr_reader :bookci_marks

    def bind(*)
      result = super
      @bookci_marks = marks = []
      location = @location
      last = nil
      @output.define_singleton_method(:write) do |*strings|
        if location.respond_to?(:lineno) && strings.any? { |s| s =~ /\S/ }
          line = location.lineno
          if line != last
            last = line
            marks << [string.bytesize, line]
          end
        end
        super(*strings)
      end
      result
    end

    # The body alone: the page has a frame of its own, with no script of the book's.
    def result
      check_printendnotes if respond_to?(:check_printendnotes, true)
      print(close_sections) if respond_to?(:use_section?) && use_section?
      solve_nest(BookciText.place(@output.string, @bookci_marks, @chapter.content))
    end
  end

  BLOCK = %r{<(?:p|h[1-6]|li|pre|table|div|dl|dt|dd|ul|ol|blockquote|figure|section|hr|img|tr)(?=[\s>/])}n.freeze

  class << self
    # Gives each block that begins after a mark the manuscript line it comes from.
    def place(html, marks, source)
      lines = source.lines
      bytes = html.b
      out = +''
      out.force_encoding(Encoding::BINARY)
      done = 0
      read = 0
      marks.each_with_index do |(offset, line), i|
        first = [read + 1, line].min
        first += 1 while first < line && lines[first - 1].to_s.strip.empty?
        read = line
        at = bytes.index(BLOCK, offset)
        next if at.nil? || at < done || (marks[i + 1] && at >= marks[i + 1][0])

        at += Regexp.last_match[0].bytesize
        out << bytes[done...at] << %( data-line="#{first}")
        done = at
      end
      (out << bytes[done..]).force_encoding(html.encoding)
    end

    def logger
      @logger ||= Collector.new
    end

    def configure(name)
      config = if ReVIEW::Configure.respond_to?(:create)
                 ReVIEW::Configure.create(maker: 'webmaker', yamlfile: name)
               else
                 values = ReVIEW::Configure.values
                 values.deep_merge!(ReVIEW::YAMLLoader.new.load_file(name))
                 values.maker = 'webmaker'
                 values
               end
      config['builder'] = 'html'
      config['htmlext'] = 'html'
      # Formulas stay as they were written: pictures of them take TeX.
      config['math_format'] = 'mathjax'
      config
    end

    def load(name)
      Dir.chdir(File.join(ENV['BOOKCI_WORK'], ENV['BOOKCI_TEXT_DIR'] || '.'))
      @book = nil
      config = configure(name)
      ReVIEW::I18n.setup(config['language'])
      book = ReVIEW::Book::Base.new('.', config: config)
      prepare(book)
      @book = book
      { styles: Array(config['stylesheet']).map(&:to_s), language: config['language'].to_s,
        title: (config.respond_to?(:name_of) ? config.name_of('booktitle') : config['booktitle']).to_s,
        chapters: units.map { |u| { id: u.id.to_s, title: u.title.to_s, number: number(u) } } }
    end

    # The index of every chapter, for references between them; one that cannot
    # be read must not hide the others.
    def prepare(book)
      book.generate_indexes
      # The builder asks for all of them again with each chapter.
      book.define_singleton_method(:generate_indexes) { nil }
    rescue StandardError => e
      logger.error(e)
    end

    def units
      @book.parts.flat_map { |part| (part.respond_to?(:file?) && part.file? ? [part] : []) + part.chapters }
    end

    def number(unit)
      return '' unless unit.respond_to?(:format_number) && unit.number

      unit.format_number.to_s
    rescue StandardError
      ''
    end

    def show(name, id, text)
      load(name) unless @book
      unit = units.find { |u| u.id.to_s == id }
      return { error: "no chapter #{id}" } unless unit

      renew(unit, text) if text && text != unit.content
      builder = ReVIEW::HTMLBuilder.new
      html = begin
        ReVIEW::Compiler.new(builder).compile(unit)
      rescue ReVIEW::ApplicationError, ReVIEW::SyntaxError => e
        # What was compiled before and after the fault is still worth seeing.
        logger.error(e) unless logger.problems.any? { |p| p[:severity] == 'error' }
        rest(builder, unit)
      end
      { html: html, title: unit.title.to_s }
    end

    def rest(builder, unit)
      place(builder.raw_output.to_s, builder.bookci_marks || [], unit.content).gsub(/\x01→.*?←\x01/, '')
    end

    def renew(unit, text)
      unit.content = text
      unit.instance_variable_set(:@title, nil)
      unit.instance_variable_set(:@index_builder, nil)
      unit.generate_indexes
      return unless File.basename(unit.path.to_s) == @book.bib_file

      bib = ReVIEW::Book::Bib.new(file_content: text, book: @book)
      bib.generate_indexes(use_bib: true)
      @book.bibpaper_index = bib.bibpaper_index
    rescue StandardError => e
      logger.error(e)
    end

    def write(path, data)
      top = File.expand_path(ENV['BOOKCI_WORK'])
      file = File.expand_path(path, top)
      return { error: 'outside of the work tree' } unless file.start_with?("#{top}/")

      if data
        FileUtils.mkdir_p(File.dirname(file))
        FileUtils.rm_f(file)
        File.binwrite(file, data.unpack1('m'))
      else
        FileUtils.rm_rf(file)
      end
      {}
    end

    def answer(name, request)
      logger.clear
      found = case request['op']
              when 'load' then load(name)
              when 'show' then show(name, request['chapter'], request['text'])
              when 'write' then write(request['path'], request['data'])
              else { error: 'unknown request' }
              end
      found.merge(problems: logger.problems)
    rescue StandardError, ScriptError, SystemExit, SystemStackError => e
      { error: "#{e.message.to_s.scrub[0, 2000]} (#{e.class})", problems: logger.problems }
    end
  end
end

ReVIEW.instance_variable_set(:@logger, BookciText.logger)
ReVIEW::HTMLBuilder.prepend(BookciText::Marks)
ReVIEW::HTMLBuilder.class_eval do
  def raw_output
    @output && @output.string
  end
end

name = ARGV.fetch(0)
$stdin.set_encoding('UTF-8')
while (line = $stdin.gets)
  # Rubbish is collected while nobody waits.
  GC.disable
  answers.puts(JSON.generate(BookciText.answer(name, JSON.parse(line))))
  GC.enable
  GC.start(full_mark: false)
end
